export { createRabbitMqBroker } from './broker.ts';
export {
  type RabbitMqEvent,
  type RabbitMqOptions,
  type RabbitMqSection,
  rabbitmqSection,
} from './config.ts';
