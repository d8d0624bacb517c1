import { z } from 'zod';

export const rabbitmqSection = z.object({}).prefault({});
