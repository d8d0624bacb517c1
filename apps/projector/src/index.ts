export { type ProjectorConfig, projectorSection } from './config.ts';
export {
  createLiveProjector,
  createSearchProjector,
  liveGroup,
  type Projector,
  searchGroup,
} from './projector.ts';
