// Made from openapi.json by `npm run client:types`. Not to be edited.

export interface paths {
  '/.well-known/jwks.json': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The public keys that verify access tokens (RFC 7517); none under HS256. */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['KeySetResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/.well-known/oauth-authorization-server': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Where this service's endpoints for other services are (RFC 8414). No grant is offered: there is no token endpoint. */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['MetadataResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/clients': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The services that may ask about tokens, newest first. */
    get: {
      parameters: {
        query?: {
          /** @description The `nextCursor` of the page before. */
          cursor?: string;
          /** @description How many items at most. */
          limit?: number;
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['ClientListResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    /** Makes a client. Its secret is in this answer and nowhere else. */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['CreateClientRequest'];
        };
      };
      responses: {
        201: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['CreatedClientResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/clients/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Deletes a client: its secret is refused from now on, and its open streams end within a second. */
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/diagnostics/client-ip': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How this very request's client address was found: ask through your proxies, and compare with your own address. */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['ClientIpResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/events': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The record of security events, newest first. */
    get: {
      parameters: {
        query?: {
          /** @description The `nextCursor` of the page before. */
          cursor?: string;
          /** @description From this time on. */
          from?: string;
          /** @description How many items at most. */
          limit?: number;
          /** @description Before this time. */
          to?: string;
          type?:
            | 'authn_login_success'
            | 'authn_login_successafterfail'
            | 'authn_login_fail'
            | 'authn_login_lock'
            | 'authn_password_change'
            | 'authn_password_reset'
            | 'authn_mfa_required'
            | 'authn_mfa_enrolled'
            | 'authn_mfa_removed'
            | 'authn_recovery_codes_replaced'
            | 'authn_token_reuse'
            | 'authn_token_suspect_repeat'
            | 'authn_token_revoked'
            | 'authz_admin'
            | 'authz_change'
            | 'authz_fail'
            | 'session_resumed'
            | 'session_logout'
            | 'session_revoked'
            | 'sessions_revoked'
            | 'excess_sessions_exceeded'
            | 'excess_rate_limit_exceeded'
            | 'user_created'
            | 'users_imported'
            | 'user_updated'
            | 'user_disabled'
            | 'user_enabled'
            | 'user_deleted'
            | 'user_email_verified'
            | 'user_email_changed'
            | 'user_link_requested'
            | 'user_unlocked'
            | 'admin_recovered'
            | 'signing_key_changed'
            | 'service_client_created'
            | 'service_client_deleted'
            | 'audit_exported'
            | 'audit_pieces_removed'
            | 'audit_tail_missing';
          /** @description About this account. */
          userId?: string;
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['EventListResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/events/export': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All that match, as one JSON object a line, oldest first, up to the time of the request. The export is an event itself. */
    get: {
      parameters: {
        query?: {
          /** @description From this time on. */
          from?: string;
          /** @description Before this time. */
          to?: string;
          type?:
            | 'authn_login_success'
            | 'authn_login_successafterfail'
            | 'authn_login_fail'
            | 'authn_login_lock'
            | 'authn_password_change'
            | 'authn_password_reset'
            | 'authn_mfa_required'
            | 'authn_mfa_enrolled'
            | 'authn_mfa_removed'
            | 'authn_recovery_codes_replaced'
            | 'authn_token_reuse'
            | 'authn_token_suspect_repeat'
            | 'authn_token_revoked'
            | 'authz_admin'
            | 'authz_change'
            | 'authz_fail'
            | 'session_resumed'
            | 'session_logout'
            | 'session_revoked'
            | 'sessions_revoked'
            | 'excess_sessions_exceeded'
            | 'excess_rate_limit_exceeded'
            | 'user_created'
            | 'users_imported'
            | 'user_updated'
            | 'user_disabled'
            | 'user_enabled'
            | 'user_deleted'
            | 'user_email_verified'
            | 'user_email_changed'
            | 'user_link_requested'
            | 'user_unlocked'
            | 'admin_recovered'
            | 'signing_key_changed'
            | 'service_client_created'
            | 'service_client_deleted'
            | 'audit_exported'
            | 'audit_pieces_removed'
            | 'audit_tail_missing';
          /** @description About this account. */
          userId?: string;
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description One event a line, as in the list. */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/x-ndjson': string;
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/events/verify': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Checks every event against its own MAC and its seal, and every seal against the one before: slow where there are many. An
     *     event waits up to a second for its seal. A tail that was cut off shows against an earlier checkpoint only.
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['VerificationResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/keys': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Every signing key, newest first; none under HS256. */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['KeyListResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `keys_in_config` */
        409: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/keys/rotate': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Rotates the signing key. Normally the pending key goes active as soon as every cache of the key set can hold it, at
     *     `activatesAt`. In an emergency it signs from now on, and what the keys before it signed is refused everywhere.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['RotateKeyRequest'];
        };
      };
      responses: {
        201: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['KeyResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `keys_in_config` */
        409: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Sessions of anyone, live or ended, newest first: those that match every filter given. */
    get: {
      parameters: {
        query?: {
          /** @description Whether they are live, neither revoked nor expired. Both are listed without it. */
          active?: boolean;
          /** @description Signed in after this time. */
          createdAfter?: string;
          /** @description Signed in before this time. */
          createdBefore?: string;
          /** @description The `nextCursor` of the page before. */
          cursor?: string;
          /** @description The client's address at the sign-in, or a block of them as CIDR. */
          ip?: string;
          /** @description How many items at most. */
          limit?: number;
          /**
           * @description Words of the user agent at the sign-in, in this order and next to each other, whatever their case and what stands between
           *     them; the last may be the beginning of one.
           */
          userAgent?: string;
          /** @description Whose they are. */
          userId?: string;
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['SessionListResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/sessions/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One session. */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['SessionResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    /** Revokes a session; no error where it has ended already. */
    delete: {
      parameters: {
        query?: {
          /** @description Why, for the session's record. */
          reason?: string;
        };
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/sessions/revoke': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Revokes all live sessions that match a filter, at most 100,000, or everyone's with `all: true`: in one step, so that no
     *     refresh slips past. With `expected`, nothing is revoked unless as many match. The caller's own session is spared unless
     *     `includeSelf`; after `all: true` its access token is answered with `token_stale`, which a refresh mends.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['RevokeSessionsRequest'];
        };
      };
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['BulkRevokedResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `count_mismatch` */
        409: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `too_many` */
        422: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/users': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Every account, newest first, or those that all filters given find. */
    get: {
      parameters: {
        query?: {
          /** @description The `nextCursor` of the page before. */
          cursor?: string;
          /** @description How many items at most. */
          limit?: number;
          role?: string;
          /** @description Words, each of which is the beginning of a word in the address or the name, whatever the case. Punctuation parts words. */
          search?: string;
          /** @description `disabled`, else `unverified`, else `active`. */
          status?: 'active' | 'disabled' | 'unverified';
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['UserListResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    /** Creates an account and mails its owner an invitation: a link to choose the password with, good for 7 days. */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['InviteUserRequest'];
        };
      };
      responses: {
        201: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['UserResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `email_taken` */
        409: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/users/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One account. */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['UserResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    /** Deletes an account with its sessions and factors, and tells its owner by mail. There is no way back. */
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `last_admin` */
        409: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    options?: never;
    head?: never;
    /**
     * Changes an account; what is left out stays. Other roles make its access tokens stale: a refresh has the new ones. To
     *     disable it ends its sessions, and whatever link or code could still open one, for good: to enable it again lets its
     *     owner sign in anew. What is so already changes nothing. The owner is not told. Before making somebody an admin look at
     *     `emailVerified`: whoever registered an address that nobody has verified may not be its owner.
     */
    patch: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['ChangeUserRequest'];
        };
      };
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['UserResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `last_admin` */
        409: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    trace?: never;
  };
  '/api/admin/users/{id}/invite': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Mails the invitation again, or a link to choose a new password where there is one already. Three an hour are sent to an
     *     address, and none to that of a disabled account.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['ReasonRequest'];
        };
      };
      responses: {
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/users/{id}/mfa-reset': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Takes the second factor off an account whose owner has lost it. The owner is told by mail. No error where there is none,
     *     and nobody is told then.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['ReasonRequest'];
        };
      };
      responses: {
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/users/{id}/password-reset': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Mails a link to choose a new password; until it is used, nothing changes. Three an hour are sent to an address, and none
     *     to that of a disabled account.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['ReasonRequest'];
        };
      };
      responses: {
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/users/{id}/sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Revokes every live session of a user, the caller's own too where it is one of them. */
    delete: {
      parameters: {
        query?: {
          /** @description Why, for the session's record. */
          reason?: string;
        };
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['RevokedResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/admin/users/{id}/unlock': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Forgets the wrong passwords and codes that were counted for an account. The owner is told by mail. A network that was
     *     blocked for the address waits for its quarter of an hour to end.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['ReasonRequest'];
        };
      };
      responses: {
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `reauth_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `forbidden`, `mfa_enrolment_required` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/email/resend': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Mails a new link to verify an address, where there is an account that waits for it. The answer is always the same. */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['EmailRequest'];
        };
      };
      responses: {
        202: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['EmptyResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/email/verify': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Uses the token of a mailed link: verifies the address of an account, or gives it the one that was asked for. */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['LinkRequest'];
        };
      };
      responses: {
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `validation_failed`, `link_invalid` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/login': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Signs in with a password and opens a session. An account with a second factor is answered `mfa_required`, with the
     *     `mfaToken` for the second step and its `methods`.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['LoginRequest'];
        };
      };
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['TokensResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `invalid_credentials`, `mfa_required` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `account_disabled`, `email_unverified`, `csrf_rejected` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `overloaded` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/login/mfa': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** The second step of a sign-in: a code of the authenticator app, or a recovery code. */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['MfaLoginRequest'];
        };
      };
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['TokensResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `mfa_invalid` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `csrf_rejected` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/logout': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Signs out: ends the session of the bearer token, and that of the refresh token in the body or, with the header
     *     `X-Gatehouse: 1`, in the cookie. Either alone will do. Their access tokens are refused from then on, and its
     *     cookie is cleared. No error where a session has ended already.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['LogoutRequest'];
        };
      };
      responses: {
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `refresh_invalid` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `csrf_rejected` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/logout/all': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Signs out everywhere: every session of the user is revoked, this one too. */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/me': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The account of the caller. */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['UserResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    /** Changes the caller's name, or removes it. */
    patch: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['UpdateProfileRequest'];
        };
      };
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['UserResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    trace?: never;
  };
  '/api/me/delete': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Deletes the account with its sessions and factors. There is no way back. */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['AccountDeletionRequest'];
        };
      };
      responses: {
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `invalid_credentials`, `mfa_required`, `mfa_invalid` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `last_admin` */
        409: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable`, `overloaded` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/me/email': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Asks for another address. It takes effect from the link that is mailed there (`POST /api/email/verify`), and the old
     *     address is told. The answer is the same where the address is taken.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['EmailChangeRequest'];
        };
      };
      responses: {
        202: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['EmptyResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `invalid_credentials`, `mfa_required`, `mfa_invalid` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable`, `overloaded` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/me/events': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The security history of the caller's account, newest first: what the caller did, what others tried, and what an admin did,
     *     of which neither the reason nor where from is told.
     */
    get: {
      parameters: {
        query?: {
          /** @description The `nextCursor` of the page before. */
          cursor?: string;
          /** @description How many items at most. */
          limit?: number;
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['EventListResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/me/password': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Changes the password. Every other session ends; access tokens that are out must be refreshed. */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['PasswordChangeRequest'];
        };
      };
      responses: {
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `validation_failed`, `password_weak` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/me/recovery-codes': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Makes ten new recovery codes; the old ones are worth nothing from then on. */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['BothFactorsRequest'];
        };
      };
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['RecoveryCodesResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `invalid_credentials`, `mfa_required`, `mfa_invalid` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable`, `overloaded` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/me/sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The caller's live sessions, newest first. */
    get: {
      parameters: {
        query?: {
          /** @description The `nextCursor` of the page before. */
          cursor?: string;
          /** @description How many items at most. */
          limit?: number;
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['SessionListResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    /** Ends all of the caller's sessions but the current one. */
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['RevokedResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/me/sessions/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Ends one of the caller's sessions. */
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/me/totp': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Begins to enrol an authenticator app; the first right code finishes it, within 15 minutes. */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['PasswordAgainRequest'];
        };
      };
      responses: {
        201: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['TotpEnrolmentResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `invalid_credentials` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `mfa_enrolled` */
        409: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable`, `overloaded` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/me/totp/confirm': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Finishes the enrolment: from now on a sign-in takes a code, too. All other sessions end; the caller's goes on, and its
     *     access tokens say `otp` from the next refresh.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['TotpConfirmRequest'];
        };
      };
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['RecoveryCodesResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `mfa_invalid` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/me/totp/remove': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Takes the second factor off the account. Access tokens that are out must be refreshed. */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['BothFactorsRequest'];
        };
      };
      responses: {
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked`, `invalid_credentials`, `mfa_required`, `mfa_invalid` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable`, `overloaded` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/password/forgot': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Mails a link to choose a new password, where the address has an account. The answer is always the same. */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['EmailRequest'];
        };
      };
      responses: {
        202: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['EmptyResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `not_found` */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/password/reset': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Sets a password with the token of a mailed link; an invitation is accepted in the same way. Every session of the
     *     account ends, and no device is known any more but the one that keeps the `deviceToken` of the answer. Also there with
     *     `MAIL=off`, for the link that `admin:recover` prints.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['PasswordResetRequest'];
        };
      };
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['PasswordResetResponse'];
          };
        };
        /** @description `validation_failed`, `link_invalid`, `password_weak` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `overloaded` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/protected': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The worked example of a guarded route. */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['ProtectedResponse'];
          };
        };
        /** @description `token_missing`, `token_invalid`, `token_expired`, `token_stale`, `token_revoked` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `revocation_unknown`, `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/refresh': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Exchanges a refresh token for the next one and a new access token. A repeat with the token before, within the grace
     *     or with the same `Idempotency-Key`, gets the same refresh token again and the header `X-Refresh-Replay: retry`. By
     *     cookie it takes the header `X-Gatehouse: 1`; a refusal clears the cookie only where the session has ended.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description 1 to 255 visible ASCII characters */
          'Idempotency-Key'?: string;
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['RefreshRequest'];
        };
      };
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['TokensResponse'];
          };
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `refresh_invalid`, `refresh_expired`, `refresh_reused`, `session_revoked` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `csrf_rejected` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `refresh_superseded` */
        409: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/register': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Registers an account. The answer is the same whether or not the address has one: its owner is told by mail. */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['RegisterRequest'];
        };
      };
      responses: {
        202: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['EmptyResponse'];
          };
        };
        /** @description `validation_failed`, `password_weak` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `registration_closed` */
        403: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `overloaded` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/revocations': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Follows what is revoked, as server-sent events. First every live revocation (`event: revocation`), then `ready`, then
     *     each new one; `current` every second while this instance itself is current. After an unknown or too old
     *     `Last-Event-ID` comes `reset` and everything. At least once: apply each idempotently. At most 10 streams a client on
     *     an instance.
     */
    get: {
      parameters: {
        query?: {
          /** @description The same as `Last-Event-ID`, for clients that cannot set headers. */
          after?: string;
        };
        header?: {
          /** @description The id of the last event that was read */
          'Last-Event-ID'?: string;
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Data: `{kind, subject, minimum?, expiresAt}` */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `validation_failed` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `invalid_client` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `rate_limited` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
        /** @description `unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/health/live': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The process answers. Nothing it depends on is asked: a restart would not mend that. */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/health/ready': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** 200, or 503 naming the checks that fail. */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': Record<string, never>;
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/oauth/introspect': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Tells whether a token is good right now (RFC 7662). */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/x-www-form-urlencoded': components['schemas']['TokenForm'];
        };
      };
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['IntrospectionResponse'];
          };
        };
        /** @description `invalid_request` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'];
          };
        };
        /** @description `invalid_client` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'];
          };
        };
        /** @description `temporarily_unavailable` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'];
          };
        };
        /** @description `temporarily_unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/oauth/revoke': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Revokes a token (RFC 7009): 200 whatever it is. A refresh token needs no client authentication, since whoever holds it
     *     could use it; an access token does.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/x-www-form-urlencoded': components['schemas']['TokenForm'];
        };
      };
      responses: {
        200: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `invalid_request` */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'];
          };
        };
        /** @description `invalid_client` */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'];
          };
        };
        /** @description `temporarily_unavailable` */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'];
          };
        };
        /** @description `temporarily_unavailable` */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    AccountDeletionRequest: {
      /**
       * @description Six digits of the authenticator app, where the account has one.
       * @example 492039
       */
      code?: string;
      /** @description The account's password, once more. */
      password: string;
    };
    BothFactorsRequest: {
      /**
       * @description Six digits of the authenticator app; a blank between two groups of three is allowed.
       * @example 492039
       */
      code?: string;
      /** @description The account's password, once more. */
      password: string;
      /**
       * @description One of the ten recovery codes, instead of `code`, in any case and with or without hyphens.
       * @example 7K2M-9QXT-0VBD-3HWE
       */
      recoveryCode?: string;
    };
    BrokenResponse: {
      eventId: string | null;
      /**
       * @description What is wrong with it.
       * @enum {string}
       */
      problem:
        | 'event_changed'
        | 'event_missing'
        | 'event_added'
        | 'event_sealed_twice'
        | 'seal_changed'
        | 'seal_missing'
        | 'start_missing';
      /** @description The number of the seal that covers it. */
      seal: number | null;
    };
    BulkRevokedResponse: {
      /**
       * @description How many live sessions match, the caller's own among them.
       * @example 12
       */
      matched: number;
      /**
       * @description How many of them were revoked.
       * @example 11
       */
      revoked: number;
    };
    ChangeUserRequest: {
      /** @description Nobody signs in to a disabled account. */
      disabled?: boolean;
      /** @description What the user is called: 1 to 100 characters; null removes it, absent leaves it. */
      name?: string | null;
      /**
       * @description All that the account is to have. Only `admin` has a meaning to this service.
       * @example [
       *       "support"
       *     ]
       */
      roles?: string[];
    };
    CheckpointResponse: {
      at: string;
      /** @description How many events the seals cover, those of removed months too. */
      events: number;
      head: string;
      /** @description The MAC of the checkpoint: `npm run audit:verify` knows it again. */
      mac: string;
      /** @description The number of the last seal. */
      seals: number;
    };
    ClientIpResponse: {
      /** @description What was read, from the socket and then from the right of `X-Forwarded-For`, to the first that is not trusted. */
      chain: components['schemas']['HopResponse'][];
      /**
       * @description What follows: the address that this request counts as, in limits, sessions and events.
       * @example 198.51.100.9
       */
      clientAddress: string;
      /** @description What proxies say. Only `X-Forwarded-For` is read for the client's address. */
      headers: components['schemas']['ForwardingHeaderResponse'][];
      /** @description Who is at the other end of the connection. */
      socketAddress: string;
      /** @description `TRUST_PROXY`. */
      trustProxy: components['schemas']['TrustResponse'];
      /** @description What contradicts, a sentence each. */
      warnings: string[];
    };
    ClientListResponse: {
      items: components['schemas']['ClientResponse'][];
      nextCursor: string | null;
    };
    ClientResponse: {
      clientId: string;
      createdAt: string;
      name: string;
    };
    CreateClientRequest: {
      /**
       * @description What it is: 1 to 100 characters on one line.
       * @example orders service
       */
      name: string;
    };
    CreatedClientResponse: {
      clientId: string;
      /** @description Shown this once. */
      clientSecret: string;
    };
    EmailChangeRequest: {
      /**
       * @description Six digits of the authenticator app, where the account has one.
       * @example 492039
       */
      code?: string;
      /**
       * Format: email
       * @description The address that the account is to have.
       * @example lovelace@example.com
       */
      email: string;
      /** @description The account's password, once more. */
      password: string;
    };
    EmailRequest: {
      /**
       * Format: email
       * @example ada@example.com
       */
      email: string;
    };
    EmptyResponse: Record<string, never>;
    EventListResponse: {
      items: components['schemas']['EventResponse'][];
      /** @description To be sent as `cursor` for the next page; null on the last. */
      nextCursor: string | null;
    };
    EventResponse: {
      /** @description Who did it, where it was not the user. */
      actorId: string | null;
      /** @description When; RFC 3339 in UTC. */
      at: string;
      /** @description How many times it happened: more than one only of refusals that came in a flood. */
      count: number;
      /**
       * @description More, by type: ids, numbers and words of this service alone.
       * @example {
       *       "step": "password"
       *     }
       */
      details: {
        [key: string]: string | number | boolean | null;
      };
      /** @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90 */
      id: string;
      /**
       * @description From where.
       * @example 203.0.113.7
       */
      ip: string | null;
      /** @enum {string} */
      outcome: 'success' | 'failure';
      /** @description The request that caused it, as in `X-Request-Id`. */
      requestId: string | null;
      sessionId: string | null;
      /**
       * @description What happened, named after the OWASP logging vocabulary where that has a name for it.
       * @enum {string}
       */
      type:
        | 'authn_login_success'
        | 'authn_login_successafterfail'
        | 'authn_login_fail'
        | 'authn_login_lock'
        | 'authn_password_change'
        | 'authn_password_reset'
        | 'authn_mfa_required'
        | 'authn_mfa_enrolled'
        | 'authn_mfa_removed'
        | 'authn_recovery_codes_replaced'
        | 'authn_token_reuse'
        | 'authn_token_suspect_repeat'
        | 'authn_token_revoked'
        | 'authz_admin'
        | 'authz_change'
        | 'authz_fail'
        | 'session_resumed'
        | 'session_logout'
        | 'session_revoked'
        | 'sessions_revoked'
        | 'excess_sessions_exceeded'
        | 'excess_rate_limit_exceeded'
        | 'user_created'
        | 'users_imported'
        | 'user_updated'
        | 'user_disabled'
        | 'user_enabled'
        | 'user_deleted'
        | 'user_email_verified'
        | 'user_email_changed'
        | 'user_link_requested'
        | 'user_unlocked'
        | 'admin_recovered'
        | 'signing_key_changed'
        | 'service_client_created'
        | 'service_client_deleted'
        | 'audit_exported'
        | 'audit_pieces_removed'
        | 'audit_tail_missing';
      userAgent: string | null;
      /** @description Whose account it is about. */
      userId: string | null;
    };
    FieldErrorResponse: {
      /**
       * @description Path of the refused field.
       * @example email
       */
      field: string;
      /** @example must be an e-mail address */
      message: string;
    };
    ForwardingHeaderResponse: {
      /** @example X-Forwarded-For */
      name: string;
      /**
       * @description As it came; at most 512 characters are shown.
       * @example 198.51.100.9, 10.0.0.2
       */
      value: string;
    };
    GuardedUser: {
      /** @example 0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2 */
      id: string;
      /**
       * @example [
       *       "admin"
       *     ]
       */
      roles: string[];
    };
    HopResponse: {
      /** @description In its one form; null where what was written is no address. */
      address: string | null;
      /** @enum {string} */
      source: 'socket' | 'x-forwarded-for';
      /** @description Whether the next entry to the left is believed. */
      trusted: boolean;
      /** @description As it was written. */
      value: string;
    };
    IntrospectionResponse: {
      /** @description Where false, it is the only member. */
      active: boolean;
      /**
       * @example [
       *       "pwd"
       *     ]
       */
      amr?: string[];
      aud?: string;
      auth_time?: number;
      client_id?: string;
      exp?: number;
      /** @description NumericDate, in seconds, as all times here. */
      iat?: number;
      iss?: string;
      jti?: string;
      /**
       * @example [
       *       "admin"
       *     ]
       */
      roles?: string[];
      /** @description The session's id. */
      sid?: string;
      /** @description The user's id. */
      sub?: string;
      /** @description Of an access token: "Bearer". */
      token_type?: string;
    };
    InviteUserRequest: {
      /**
       * Format: email
       * @example ada@example.com
       */
      email: string;
      /** @example Ada Lovelace */
      name?: string;
      /**
       * @description Only `admin` has a meaning to this service.
       * @example [
       *       "support"
       *     ]
       */
      roles?: string[];
    };
    KeyListResponse: {
      items: components['schemas']['KeyResponse'][];
      /** @description Always null: the list is whole. */
      nextCursor: string | null;
    };
    KeyResponse: {
      activatedAt: string | null;
      /** @description Of a pending key: when it goes active by itself; null until a rotation is due or asked for. */
      activatesAt: string | null;
      /** @example ES256 */
      algorithm: string;
      /** @description When it was made and published. */
      createdAt: string;
      kid: string;
      retiredAt: string | null;
      /** @description Of a retiring key: when the last token that it signed has expired. */
      retiresAt: string | null;
      /** @enum {string} */
      state: 'pending' | 'active' | 'retiring' | 'retired';
    };
    KeySetResponse: {
      keys: components['schemas']['PublicKeyResponse'][];
    };
    LinkRequest: {
      /** @description The token behind `#token=` of the mailed link. */
      token: string;
    };
    LoginRequest: {
      /**
       * @description What the user calls this device, shown in the list of sessions.
       * @example "Ada"s laptop"
       */
      deviceName?: string;
      /**
       * @description What an earlier sign-in from this device answered with: wrong passwords are then counted for the device alone, so that
       *     guesses of strangers cannot keep its owner out. One that is not good for this account is ignored.
       */
      deviceToken?: string;
      /**
       * Format: email
       * @description The e-mail address of the account.
       * @example ada@example.com
       */
      email: string;
      /** @description The password, exactly as it was chosen: it is never trimmed, cut or case-folded. */
      password: string;
      /**
       * @description Where refresh token and device token are handed over: in the answer, or in cookies that no script can read
       *     (`__Host-refresh` and `__Host-device`).
       * @enum {string}
       */
      refreshTokenIn?: 'body' | 'cookie';
    };
    LogoutRequest: {
      /** @description The session's refresh token, for a client that has no access token at hand. */
      refreshToken?: string;
    };
    MetadataResponse: {
      /** @description Empty: no grant is offered. */
      grant_types_supported: string[];
      introspection_endpoint: string;
      /**
       * @example [
       *       "client_secret_basic"
       *     ]
       */
      introspection_endpoint_auth_methods_supported: string[];
      issuer: string;
      jwks_uri: string;
      /** @description Empty: no authorization endpoint. */
      response_types_supported: string[];
      revocation_endpoint: string;
      /**
       * @example [
       *       "client_secret_basic",
       *       "none"
       *     ]
       */
      revocation_endpoint_auth_methods_supported: string[];
    };
    MfaLoginRequest: {
      /**
       * @description Six digits of the authenticator app; a blank between two groups of three is allowed.
       * @example 492039
       */
      code?: string;
      /** @description The `mfaToken` of the answer `mfa_required`; good for five minutes, five codes and one sign-in. */
      mfaToken: string;
      /**
       * @description One of the ten recovery codes, instead of `code`, in any case and with or without hyphens.
       * @example 7K2M-9QXT-0VBD-3HWE
       */
      recoveryCode?: string;
    };
    OauthErrorResponse: {
      /** @example invalid_client */
      error: string;
      error_description?: string;
    };
    PasswordAgainRequest: {
      /** @description The account's password, once more. */
      password: string;
    };
    PasswordChangeRequest: {
      /**
       * @description Six digits of the authenticator app, where the account has one.
       * @example 492039
       */
      code?: string;
      currentPassword: string;
      /** @example correct horse battery staple */
      newPassword: string;
    };
    PasswordResetRequest: {
      /**
       * @description The new password, by the rules of a registration.
       * @example correct horse battery staple
       */
      password: string;
      /** @description The token behind `#token=` of the mailed link. */
      token: string;
    };
    PasswordResetResponse: {
      /** @description To be sent along with the next sign-in: it gets the owner in however many strangers guess at the account. */
      deviceToken: string;
    };
    ProblemResponse: {
      /**
       * @description What happened, for a program: one of a closed list.
       * @example validation_failed
       */
      code: string;
      /** @description What happened, for a person. */
      detail: string;
      /** @description Only with `validation_failed`: every field that was refused. */
      errors?: components['schemas']['FieldErrorResponse'][];
      /** @description The id of this request, as in `X-Request-Id` and in the log. */
      requestId: string;
      /** @example 400 */
      status: number;
      /** @example Validation failed */
      title: string;
      /**
       * @description Where the error is explained.
       * @example https://auth.example.com/docs/errors#validation_failed
       */
      type: string;
    };
    ProtectedResponse: {
      /** @example Access granted */
      message: string;
      user: components['schemas']['GuardedUser'];
    };
    PublicKeyResponse: {
      /** @example ES256 */
      alg: string;
      crv?: string;
      e?: string;
      /** @description The thumbprint of the key (RFC 7638). */
      kid: string;
      /** @example EC */
      kty: string;
      n?: string;
      /** @example sig */
      use: string;
      x?: string;
      y?: string;
    };
    ReasonRequest: {
      /** @description Kept with the event. */
      reason?: string;
    };
    RecoveryCodesResponse: {
      /**
       * @description Ten, each good for one sign-in without the app. Shown this once.
       * @example [
       *       "7K2M-9QXT-0VBD-3HWE"
       *     ]
       */
      recoveryCodes: string[];
    };
    RefreshRequest: {
      /** @description The refresh token that the last sign-in or refresh answered with. Left out by a client whose token is in the cookie. */
      refreshToken?: string;
    };
    RegisterRequest: {
      /**
       * Format: email
       * @example ada@example.com
       */
      email: string;
      /**
       * @description What the user is called: 1 to 100 characters.
       * @example Ada Lovelace
       */
      name?: string;
      /**
       * @description At least 15 characters (configurable), at most 128 and 512 bytes. Any Unicode, no rules of composition.
       * @example correct horse battery staple
       */
      password: string;
    };
    RevokedResponse: {
      /**
       * @description How many sessions were ended.
       * @example 2
       */
      revoked: number;
    };
    RevokeSessionsRequest: {
      /** @description Only live sessions can be revoked: true by itself means all of them, up to 100,000; with false none matches. */
      active?: boolean;
      /**
       * @description Every session of everyone, in the place of any filter and however many they are.
       * @enum {boolean}
       */
      all?: true;
      /**
       * Format: date-time
       * @description Signed in after this time.
       */
      createdAfter?: string;
      /**
       * Format: date-time
       * @description Signed in before this time.
       * @example 2026-11-24T06:00:00Z
       */
      createdBefore?: string;
      /** @description Only count: nothing is revoked. */
      dryRun?: boolean;
      /** @description Revoke none unless exactly as many match, as a dry run has told. */
      expected?: number;
      /** @description Revoke the session of this call too, if it matches. */
      includeSelf?: boolean;
      /**
       * @description The client's address at the sign-in, or a block of them as CIDR.
       * @example 203.0.113.0/24
       */
      ip?: string;
      /**
       * @description Why, for the session's record.
       * @example laptop reported stolen
       */
      reason?: string;
      /**
       * @description Words of the user agent at the sign-in, in this order and next to each other, whatever their case and what stands between
       *     them; the last may be the beginning of one.
       * @example Firefox/13
       */
      userAgent?: string;
      /**
       * @description Whose they are.
       * @example 0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2
       */
      userId?: string;
    };
    RotateKeyRequest: {
      /** @description Of an emergency: the pending key may be known too. Remote caches fail until they have fetched the new one. */
      discardPending?: boolean;
      /** @description The key in use, or what wraps it, may be known to others: end its use at once. */
      emergency?: boolean;
    };
    SessionListResponse: {
      items: components['schemas']['SessionResponse'][];
      /** @description To be sent as `cursor` for the next page; null on the last. */
      nextCursor: string | null;
    };
    SessionResponse: {
      /**
       * @description How the user was authenticated (RFC 8176).
       * @example [
       *       "pwd"
       *     ]
       */
      amr: string[];
      /** @description When the user signed in; RFC 3339 in UTC, as all times here. */
      createdAt: string;
      /** @description Whether it is the session of the token that asks. */
      current: boolean;
      /** @example "Ada"s laptop" */
      deviceName: string | null;
      /** @description When it ends by itself, unless it is refreshed before. */
      expiresAt: string;
      /**
       * @description Whether disuse or age ends it first.
       * @enum {string}
       */
      expiresBy: 'idle' | 'absolute';
      /** @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90 */
      id: string;
      /**
       * @description The client's address at the sign-in.
       * @example 203.0.113.7
       */
      ip: string;
      /** @description When it was refreshed last. */
      lastUsedAt: string;
      revokedAt: string | null;
      /** @example logout */
      revokedReason: string | null;
      /** @description The user agent at the sign-in. */
      userAgent: string | null;
      /** @example 0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2 */
      userId: string;
    };
    TokenForm: {
      /** @description The access or refresh token. */
      token: string;
      /** @description Accepted and ignored: a token shows its type by its form. */
      token_type_hint?: string;
    };
    TokensResponse: {
      /** @description A signed JWT (RFC 9068), to be sent as `Authorization: Bearer …`. */
      accessToken: string;
      /**
       * @description Of a sign-in only: to be kept, and sent along with the next sign-in of this account from this device. Absent where it
       *     is in the cookie.
       */
      deviceToken?: string;
      /**
       * @description Seconds until the access token expires.
       * @example 900
       */
      expiresIn: number;
      /**
       * @description Seconds until the session ends, unless it is refreshed before.
       * @example 604800
       */
      refreshExpiresIn: number;
      /** @description Opaque, to be used once: each refresh answers with the next one. Absent where it is in the cookie. */
      refreshToken?: string;
      /** @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90 */
      sessionId: string;
      /**
       * @example Bearer
       * @enum {string}
       */
      tokenType: 'Bearer';
    };
    TotpConfirmRequest: {
      /**
       * @description Six digits that the app shows for the new secret; a blank between two groups of three is allowed.
       * @example 492039
       */
      code: string;
    };
    TotpEnrolmentResponse: {
      /** @example otpauth://totp/auth.example.com:ada%40example.com?issuer=auth.example.com&secret=…&algorithm=SHA1&digits=6&period=30 */
      otpauthUri: string;
      /** @description The same as a QR code: a PNG as a data URL, to be the `src` of an image. */
      qrCode: string;
      /**
       * @description The secret in base 32, for those who type it; 160 bits.
       * @example GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
       */
      secret: string;
    };
    TrustResponse: {
      /**
       * @description Of `addresses`: the blocks whose addresses are trusted.
       * @example [
       *       "10.0.0.0/8"
       *     ]
       */
      addresses: string[];
      /** @description Of `hops`: how many proxies are trusted, counted from the socket. */
      hops: number | null;
      /** @enum {string} */
      kind: 'none' | 'hops' | 'addresses';
    };
    UpdateProfileRequest: {
      /** @description What the user is called: 1 to 100 characters; null removes it, absent leaves it. */
      name?: string | null;
    };
    UserListResponse: {
      items: components['schemas']['UserResponse'][];
      nextCursor: string | null;
    };
    UserResponse: {
      /**
       * Format: date-time
       * @description RFC 3339 in UTC.
       */
      createdAt: string;
      disabled: boolean;
      /**
       * Format: email
       * @description Normalised: domain and local part in lower case.
       */
      email: string;
      emailVerified: boolean;
      /**
       * Format: uuid
       * @description UUIDv7.
       */
      id: string;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC; null before the first sign-in.
       */
      lastLoginAt: string | null;
      mfaEnabled: boolean;
      name: string | null;
      /**
       * @description Only `admin` has a meaning to this service.
       * @example [
       *       "admin"
       *     ]
       */
      roles: string[];
    };
    VerificationResponse: {
      /** @description The end of the chain as it is now; in the log output too. */
      checkpoint: components['schemas']['CheckpointResponse'];
      /** @description How many events were checked. */
      events: number;
      firstBroken: components['schemas']['BrokenResponse'] | null;
      /** @description The MAC of the last seal that holds, in hex: kept elsewhere, it shows whether the tail was cut off since. */
      head: string;
      /** @description Whether every event is as it was written, none is missing, and none was added. */
      intact: boolean;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
