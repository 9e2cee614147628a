export { SetClock as TestClock } from '../../packages/testkit/src/set-clock.js';
