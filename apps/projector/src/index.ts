export { type ProjectorConfig, projectorSection } from './config.ts';
export {
  createLiveProjector,
  createSearchProjector,
  liveSink,
  type Projector,
  searchSink,
} from './projector.ts';
