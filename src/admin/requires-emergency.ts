import { ValidateBy } from 'class-validator';

/** Refuses `discardPending` where no emergency is declared: it would do nothing. */
export const RequiresEmergency = (): PropertyDecorator =>
  ValidateBy({
    name: 'requiresEmergency',
    validator: {
      validate: (value: unknown, args) =>
        value !== true || (args !== undefined && Reflect.get(args.object, 'emergency') === true),
      defaultMessage: () => 'takes emergency: true',
    },
  });
