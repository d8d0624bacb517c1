import type { SafetyFinding } from '@spillway/broker';
import { step } from '../../process/components.ts';
import { Safety } from '../../process/safety.ts';
import { defineModule, type Gather, type ModuleContext } from '../../registry/module.ts';
import { brokerModule } from '../servers/broker.ts';

type Inspect = (context: ModuleContext) => Promise<SafetyFinding[]>;

const inspected: Gather<Inspect> = {
  gather: (module) => {
    const { inspect } = module;
    return inspect && ((made) => (context) => inspect.call(module, made, context));
  },
};

/** Looks once, when the broker and the stores are started, for what is unsafe about them. */
export const safetyModule = defineModule({
  name: 'safety',
  needs: { broker: brokerModule },
  uses: { inspected },
  create: (context, { inspected: all }) =>
    new Safety({
      unsafeAllow: context.config.unsafeAllow,
      inspect: async () => {
        const found: SafetyFinding[] = [];
        for (const inspect of all) found.push(...(await inspect(context)));
        return found;
      },
      report: context.report,
    }),
  components: (safety) => [step('safety', () => safety.check())],
  mayStartLater: true,
});
