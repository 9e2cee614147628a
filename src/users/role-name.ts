/** The most roles that one account has. */
export const MOST_ROLES = 16;
/** Only `admin` has a meaning to this service. */
export const ROLE_NAME = /^[a-z][a-z0-9_:-]{0,31}$/;
