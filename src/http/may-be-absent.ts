import { ValidateIf } from 'class-validator';

/** The field may be left out; unlike with `IsOptional`, null is a value of the wrong type. */
export const MayBeAbsent = (): PropertyDecorator => ValidateIf((_object, value) => value !== undefined);
