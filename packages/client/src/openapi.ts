// Made from openapi.json by `npm run client:types`. Not to be edited.

export interface paths {
  '/.well-known/jwks.json': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The public keys that verify access tokens (RFC 7517); none under HS256
     * @description Limit `public-requests`: 600 in 60 s for each client’s network.
     */
    get: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['KeySetResponse'];
          };
        };
        400: components['responses']['MalformedRequest'];
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['Unavailable'];
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
    /**
     * Where this service's endpoints for other services are (RFC 8414)
     * @description No grant is offered: there is no token endpoint.
     *
     *     Limit `public-requests`: 600 in 60 s for each client’s network.
     */
    get: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['MetadataResponse'];
          };
        };
        400: components['responses']['MalformedRequest'];
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['Unavailable'];
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
    /**
     * The services that may ask about tokens, newest first
     * @description For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    get: {
      parameters: {
        query?: {
          /** @description The `nextCursor` of the page before. */
          cursor?: string;
          /** @description How many items at most. */
          limit?: number;
        };
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['ClientListResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
      };
    };
    put?: never;
    /**
     * Makes a client
     * @description Its secret is in this answer and nowhere else.
     *
     *     For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['CreateClientRequest'];
        };
      };
      responses: {
        /** @description Made. */
        201: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['CreatedClientResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * Deletes a client: its secret is refused from now on, and its open streams end within a second
     * @description For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path: {
          /**
           * @description Its id; text that is none names nothing.
           * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
           */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done; there is nothing to say. */
        204: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components['responses']['MalformedRequest'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * How this very request's client address was found: ask through your proxies, and compare with your own address
     * @description For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    get: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['ClientIpResponse'];
          };
        };
        400: components['responses']['MalformedRequest'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * The record of security events, newest first
     * @description For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
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
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['EventListResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * All that match, as one JSON object a line, oldest first, up to the time of the request
     * @description The export is an event itself.
     *
     *     For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
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
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description One event a line, as in the list. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            /** @example {"id":"0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90","type":"authn_login_success","at":"2026-11-24T06:56:28.966Z","actorId":null,"userId":"0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2","sessionId":"0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90","ip":"203.0.113.7","userAgent":"Mozilla/5.0 (X11; Linux x86_64) Firefox/146.0","requestId":"6568f0b9-8439-42e6-8e55-385eb866bc65","outcome":"success","count":1,"details":{}} */
            'application/x-ndjson': string;
          };
        };
        400: components['responses']['MalformedRequestOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
     * Checks every event against its own MAC and its seal, and every seal against the one before: slow where there are many
     * @description An event waits up to a second for its seal. A tail that was cut off shows against an earlier checkpoint only.
     *
     *     For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    get: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['VerificationResponse'];
          };
        };
        400: components['responses']['MalformedRequest'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * Every signing key, newest first; none under HS256
     * @description For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    get: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['KeyListResponse'];
          };
        };
        400: components['responses']['MalformedRequest'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
     * Rotates the signing key
     * @description Normally the pending key goes active as soon as every cache of the key set can hold it, at `activatesAt`. In an emergency it signs from now on, and what the keys before it signed is refused everywhere.
     *
     *     For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: {
        content: {
          'application/json': components['schemas']['RotateKeyRequest'];
        };
      };
      responses: {
        /** @description Made. */
        201: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['KeyResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        408: components['responses']['RequestTimeout'];
        /** @description `keys_in_config`: Keys are in the configuration */
        409: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'keys_in_config';
              /** @enum {unknown} */
              status?: 409;
            };
          };
        };
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * Sessions of anyone, live or ended, newest first: those that match every filter given
     * @description For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
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
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['SessionListResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * One session
     * @description For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    get: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path: {
          /**
           * @description Its id; text that is none names nothing.
           * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
           */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['SessionResponse'];
          };
        };
        400: components['responses']['MalformedRequest'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
      };
    };
    put?: never;
    post?: never;
    /**
     * Revokes a session; no error where it has ended already
     * @description For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    delete: {
      parameters: {
        query?: {
          /** @description Why, for the session's record. */
          reason?: string;
        };
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path: {
          /**
           * @description Its id; text that is none names nothing.
           * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
           */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done; there is nothing to say. */
        204: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components['responses']['MalformedRequestOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
     * Revokes all live sessions that match a filter, at most 100,000, or everyone's with `all: true`: in one step, so that no refresh slips past
     * @description With `expected`, nothing is revoked unless as many match. The caller's own session is spared unless `includeSelf`; after `all: true` its access token is answered with `token_stale`, which a refresh mends.
     *
     *     For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: {
        content: {
          'application/json': components['schemas']['RevokeSessionsRequest'];
        };
      };
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['BulkRevokedResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        408: components['responses']['RequestTimeout'];
        /** @description `count_mismatch`: Count differs */
        409: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] &
              components['schemas']['CountMismatchMembers'] & {
                /** @enum {string} */
                code?: 'count_mismatch';
                /** @enum {unknown} */
                status?: 409;
              };
          };
        };
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        /** @description `too_many`: Too many sessions */
        422: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'too_many';
              /** @enum {unknown} */
              status?: 422;
            };
          };
        };
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * Every account, newest first, or those that all filters given find
     * @description For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
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
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['UserListResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
      };
    };
    put?: never;
    /**
     * Creates an account and mails its owner an invitation: a link to choose the password with, good for 7 days
     * @description For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['InviteUserRequest'];
        };
      };
      responses: {
        /** @description Made. */
        201: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['UserResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        /** @description `email_taken`: E-mail address taken */
        409: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'email_taken';
              /** @enum {unknown} */
              status?: 409;
            };
          };
        };
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * One account
     * @description For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    get: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path: {
          /**
           * @description Its id; text that is none names nothing.
           * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
           */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['UserResponse'];
          };
        };
        400: components['responses']['MalformedRequest'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
      };
    };
    put?: never;
    post?: never;
    /**
     * Deletes an account with its sessions and factors, and tells its owner by mail
     * @description There is no way back.
     *
     *     For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path: {
          /**
           * @description Its id; text that is none names nothing.
           * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
           */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done; there is nothing to say. */
        204: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components['responses']['MalformedRequest'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        409: components['responses']['LastAdmin'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
      };
    };
    options?: never;
    head?: never;
    /**
     * Changes an account; what is left out stays
     * @description Other roles make its access tokens stale: a refresh has the new ones. To disable it ends its sessions, and whatever link or code could still open one, for good: to enable it again lets its owner sign in anew. What is so already changes nothing. The owner is not told. Before making somebody an admin look at `emailVerified`: whoever registered an address that nobody has verified may not be its owner.
     *
     *     For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    patch: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path: {
          /**
           * @description Its id; text that is none names nothing.
           * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
           */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          'application/json': components['schemas']['ChangeUserRequest'];
        };
      };
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['UserResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        409: components['responses']['LastAdmin'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
     * Mails the invitation again, or a link to choose a new password where there is one already
     * @description Three an hour are sent to an address, and none to that of a disabled account.
     *
     *     For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path: {
          /**
           * @description Its id; text that is none names nothing.
           * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
           */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          'application/json': components['schemas']['ReasonRequest'];
        };
      };
      responses: {
        /** @description Done; there is nothing to say. */
        204: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
     * Takes the second factor off an account whose owner has lost it
     * @description The owner is told by mail. No error where there is none, and nobody is told then.
     *
     *     For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path: {
          /**
           * @description Its id; text that is none names nothing.
           * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
           */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          'application/json': components['schemas']['ReasonRequest'];
        };
      };
      responses: {
        /** @description Done; there is nothing to say. */
        204: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
     * Mails a link to choose a new password; until it is used, nothing changes
     * @description Three an hour are sent to an address, and none to that of a disabled account.
     *
     *     For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path: {
          /**
           * @description Its id; text that is none names nothing.
           * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
           */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          'application/json': components['schemas']['ReasonRequest'];
        };
      };
      responses: {
        /** @description Done; there is nothing to say. */
        204: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * Revokes every live session of a user, the caller's own too where it is one of them
     * @description For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    delete: {
      parameters: {
        query?: {
          /** @description Why, for the session's record. */
          reason?: string;
        };
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path: {
          /**
           * @description Its id; text that is none names nothing.
           * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
           */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['RevokedResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
     * Forgets the wrong passwords and codes that were counted for an account
     * @description The owner is told by mail. A network that was blocked for the address waits for its quarter of an hour to end.
     *
     *     For users with the role `admin` who have signed in recently.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path: {
          /**
           * @description Its id; text that is none names nothing.
           * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
           */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          'application/json': components['schemas']['ReasonRequest'];
        };
      };
      responses: {
        /** @description Done; there is nothing to say. */
        204: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired'];
        403: components['responses']['HttpsRequiredOrForbiddenOrMfaEnrolmentRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * Mails a new link to verify an address, where there is an account that waits for it
     * @description The answer is always the same.
     *
     *     Limit `register-requests`: 10 in 60 s for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['EmailRequest'];
        };
      };
      responses: {
        /** @description Accepted; what follows is mailed. */
        202: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['EmptyResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        403: components['responses']['HttpsRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['Unavailable'];
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
    /**
     * Uses the token of a mailed link: verifies the address of an account, or gives it the one that was asked for
     * @description Limit `login-requests`: 60 in 60 s for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['LinkRequest'];
        };
      };
      responses: {
        /** @description Done; there is nothing to say. */
        204: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `malformed_request`: Malformed request; `malformed_json`: Malformed JSON; `validation_failed`: Validation failed; `link_invalid`: Link invalid */
        400: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json':
              | (components['schemas']['ProblemResponse'] &
                  components['schemas']['ValidationMembers'] & {
                    /** @enum {string} */
                    code?: 'validation_failed';
                    /** @enum {unknown} */
                    status?: 400;
                  })
              | (components['schemas']['ProblemResponse'] & {
                  /** @enum {string} */
                  code?: 'malformed_request' | 'malformed_json' | 'link_invalid';
                  /** @enum {unknown} */
                  status?: 400;
                });
          };
        };
        403: components['responses']['HttpsRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['Unavailable'];
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
     * Signs in with a password and opens a session
     * @description An account with a second factor is answered `mfa_required`, with the `mfaToken` for the second step and its `methods`.
     *
     *     Limit `login-requests`: 60 in 60 s for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: {
          /** @description The device token, where `refreshTokenIn` is `cookie` and the body has none. */
          '__Host-device'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['LoginRequest'];
        };
      };
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'Set-Cookie': components['headers']['Set-Cookie'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['TokensResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        /** @description `invalid_credentials`: Invalid credentials; `mfa_required`: Code required */
        401: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'WWW-Authenticate': components['headers']['WWW-Authenticate'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json':
              | (components['schemas']['ProblemResponse'] &
                  components['schemas']['MfaRequiredMembers'] & {
                    /** @enum {string} */
                    code?: 'mfa_required';
                    /** @enum {unknown} */
                    status?: 401;
                  })
              | (components['schemas']['ProblemResponse'] & {
                  /** @enum {string} */
                  code?: 'invalid_credentials';
                  /** @enum {unknown} */
                  status?: 401;
                });
          };
        };
        /** @description `https_required`: HTTPS required; `account_disabled`: Account disabled; `email_unverified`: E-mail address not verified; `csrf_rejected`: Cross-site request refused */
        403: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'https_required' | 'account_disabled' | 'email_unverified' | 'csrf_rejected';
              /** @enum {unknown} */
              status?: 403;
            };
          };
        };
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['OverloadedOrUnavailable'];
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
    /**
     * The second step of a sign-in: a code of the authenticator app, or a recovery code
     * @description Limit `login-requests`: 60 in 60 s for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['MfaLoginRequest'];
        };
      };
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'Set-Cookie': components['headers']['Set-Cookie'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['TokensResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        /** @description `mfa_invalid`: Code refused */
        401: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'WWW-Authenticate': components['headers']['WWW-Authenticate'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'mfa_invalid';
              /** @enum {unknown} */
              status?: 401;
            };
          };
        };
        403: components['responses']['HttpsRequiredOrCsrfRejected'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['Unavailable'];
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
     * Signs out: ends the session of the bearer token, and that of the refresh token in the body or, with the header `X-Gatehouse: 1`, in the cookie
     * @description Either alone will do. Their access tokens are refused from then on, and its cookie is cleared. No error where a session has ended already.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description For a call by cookie, which takes JSON besides: no other site can send it. */
          'X-Gatehouse'?: '1';
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: {
        content: {
          'application/json': components['schemas']['LogoutRequest'];
        };
      };
      responses: {
        /** @description Done; there is nothing to say. */
        204: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'Set-Cookie': components['headers']['Set-Cookie'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        /** @description `token_missing`: Access token missing; `token_invalid`: Access token invalid; `token_expired`: Access token expired; `refresh_invalid`: Refresh token invalid */
        401: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'Set-Cookie': components['headers']['Set-Cookie'];
            'WWW-Authenticate': components['headers']['WWW-Authenticate'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'token_missing' | 'token_invalid' | 'token_expired' | 'refresh_invalid';
              /** @enum {unknown} */
              status?: 401;
            };
          };
        };
        403: components['responses']['HttpsRequiredOrCsrfRejected'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['Unavailable'];
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
    /**
     * Signs out everywhere: every session of the user is revoked, this one too
     * @description Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done; there is nothing to say. */
        204: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `malformed_request`: Malformed request; `malformed_json`: Malformed JSON */
        400: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'malformed_request' | 'malformed_json';
              /** @enum {unknown} */
              status?: 400;
            };
          };
        };
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevoked'];
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * The account of the caller
     * @description Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    get: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['UserResponse'];
          };
        };
        400: components['responses']['MalformedRequest'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevoked'];
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    /**
     * Changes the caller's name, or removes it
     * @description Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    patch: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: {
        content: {
          'application/json': components['schemas']['UpdateProfileRequest'];
        };
      };
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['UserResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevoked'];
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * Deletes the account with its sessions and factors
     * @description There is no way back.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['AccountDeletionRequest'];
        };
      };
      responses: {
        /** @description Done; there is nothing to say. */
        204: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrInvalidCredentialsOrMfaRequiredOrMfaInvalid'];
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        409: components['responses']['LastAdmin'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrOverloadedOrUnavailable'];
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
     * Asks for another address
     * @description It takes effect from the link that is mailed there (`POST /api/email/verify`), and the old address is told. The answer is the same where the address is taken.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['EmailChangeRequest'];
        };
      };
      responses: {
        /** @description Accepted; what follows is mailed. */
        202: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['EmptyResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrInvalidCredentialsOrMfaRequiredOrMfaInvalid'];
        403: components['responses']['HttpsRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrOverloadedOrUnavailable'];
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
     * The security history of the caller's account, newest first: what the caller did, what others tried, and what an admin did, of which neither the reason nor where from is told
     * @description Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    get: {
      parameters: {
        query?: {
          /** @description The `nextCursor` of the page before. */
          cursor?: string;
          /** @description How many items at most. */
          limit?: number;
        };
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['EventListResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevoked'];
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * Changes the password
     * @description Every other session ends; access tokens that are out must be refreshed.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['PasswordChangeRequest'];
        };
      };
      responses: {
        /** @description Done; there is nothing to say. */
        204: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailedOrPasswordWeak'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrInvalidCredentialsOrMfaRequiredOrMfaInvalid'];
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrOverloadedOrUnavailable'];
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
    /**
     * Makes ten new recovery codes; the old ones are worth nothing from then on
     * @description Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['BothFactorsRequest'];
        };
      };
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['RecoveryCodesResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrInvalidCredentialsOrMfaRequiredOrMfaInvalid'];
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrOverloadedOrUnavailable'];
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
    /**
     * The caller's live sessions, newest first
     * @description Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    get: {
      parameters: {
        query?: {
          /** @description The `nextCursor` of the page before. */
          cursor?: string;
          /** @description How many items at most. */
          limit?: number;
        };
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['SessionListResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevoked'];
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
      };
    };
    put?: never;
    post?: never;
    /**
     * Ends all of the caller's sessions but the current one
     * @description Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['RevokedResponse'];
          };
        };
        400: components['responses']['MalformedRequest'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevoked'];
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * Ends one of the caller's sessions
     * @description Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path: {
          /**
           * @description Its id; text that is none names nothing.
           * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
           */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done; there is nothing to say. */
        204: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components['responses']['MalformedRequest'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevoked'];
        403: components['responses']['HttpsRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * Begins to enrol an authenticator app; the first right code finishes it, within 15 minutes
     * @description Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['PasswordAgainRequest'];
        };
      };
      responses: {
        /** @description Made. */
        201: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['TotpEnrolmentResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        /** @description `token_missing`: Access token missing; `token_invalid`: Access token invalid; `token_expired`: Access token expired; `token_stale`: Access token out of date; `token_revoked`: Access token revoked; `invalid_credentials`: Invalid credentials */
        401: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'WWW-Authenticate': components['headers']['WWW-Authenticate'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?:
                | 'token_missing'
                | 'token_invalid'
                | 'token_expired'
                | 'token_stale'
                | 'token_revoked'
                | 'invalid_credentials';
              /** @enum {unknown} */
              status?: 401;
            };
          };
        };
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        /** @description `mfa_enrolled`: Second factor enrolled already */
        409: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'mfa_enrolled';
              /** @enum {unknown} */
              status?: 409;
            };
          };
        };
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrOverloadedOrUnavailable'];
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
     * Finishes the enrolment: from now on a sign-in takes a code, too
     * @description All other sessions end; the caller's goes on, and its access tokens say `otp` from the next refresh.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['TotpConfirmRequest'];
        };
      };
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['RecoveryCodesResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        /** @description `token_missing`: Access token missing; `token_invalid`: Access token invalid; `token_expired`: Access token expired; `token_stale`: Access token out of date; `token_revoked`: Access token revoked; `mfa_invalid`: Code refused */
        401: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'WWW-Authenticate': components['headers']['WWW-Authenticate'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?:
                'token_missing' | 'token_invalid' | 'token_expired' | 'token_stale' | 'token_revoked' | 'mfa_invalid';
              /** @enum {unknown} */
              status?: 401;
            };
          };
        };
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
    /**
     * Takes the second factor off the account
     * @description Access tokens that are out must be refreshed.
     *
     *     Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['BothFactorsRequest'];
        };
      };
      responses: {
        /** @description Done; there is nothing to say. */
        204: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrInvalidCredentialsOrMfaRequiredOrMfaInvalid'];
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrOverloadedOrUnavailable'];
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
    /**
     * Mails a link to choose a new password, where the address has an account
     * @description The answer is always the same.
     *
     *     Limit `register-requests`: 10 in 60 s for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['EmailRequest'];
        };
      };
      responses: {
        /** @description Accepted; what follows is mailed. */
        202: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['EmptyResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        403: components['responses']['HttpsRequired'];
        404: components['responses']['NotFound'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['Unavailable'];
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
     * Sets a password with the token of a mailed link; an invitation is accepted in the same way
     * @description Every session of the account ends, and no device is known any more but the one that keeps the `deviceToken` of the answer. Also there with `MAIL=off`, for the link that `admin:recover` prints.
     *
     *     Limit `login-requests`: 60 in 60 s for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['PasswordResetRequest'];
        };
      };
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['PasswordResetResponse'];
          };
        };
        /** @description `malformed_request`: Malformed request; `malformed_json`: Malformed JSON; `validation_failed`: Validation failed; `password_weak`: Password refused; `link_invalid`: Link invalid */
        400: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json':
              | (components['schemas']['ProblemResponse'] &
                  components['schemas']['ValidationMembers'] & {
                    /** @enum {string} */
                    code?: 'validation_failed';
                    /** @enum {unknown} */
                    status?: 400;
                  })
              | (components['schemas']['ProblemResponse'] &
                  components['schemas']['PasswordWeakMembers'] & {
                    /** @enum {string} */
                    code?: 'password_weak';
                    /** @enum {unknown} */
                    status?: 400;
                  })
              | (components['schemas']['ProblemResponse'] & {
                  /** @enum {string} */
                  code?: 'malformed_request' | 'malformed_json' | 'link_invalid';
                  /** @enum {unknown} */
                  status?: 400;
                });
          };
        };
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['OverloadedOrUnavailable'];
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
    /**
     * The worked example of a guarded route
     * @description Limit `bearer-requests`: 600 in 60 s for each user; without a good access token, for each client’s network.
     */
    get: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['ProtectedResponse'];
          };
        };
        400: components['responses']['MalformedRequest'];
        401: components['responses']['TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevoked'];
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['RevocationUnknownOrUnavailable'];
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
     * Exchanges a refresh token for the next one and a new access token
     * @description A repeat with the token before, within the grace or with the same `Idempotency-Key`, gets the same refresh token again and the header `X-Refresh-Replay: retry`. By cookie it takes the header `X-Gatehouse: 1`; a refusal clears the cookie only where the session has ended.
     *
     *     Limit `refresh-requests`: 300 in 60 s for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description Chosen anew for each refresh token, and sent with every try: a repeat at any later time gets the same answer. */
          'Idempotency-Key'?: string;
          /** @description For a call by cookie, which takes JSON besides: no other site can send it. */
          'X-Gatehouse'?: '1';
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: {
        content: {
          'application/json': components['schemas']['RefreshRequest'];
        };
      };
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'Set-Cookie': components['headers']['Set-Cookie'];
            'X-Refresh-Replay': components['headers']['X-Refresh-Replay'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['TokensResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailed'];
        /** @description `refresh_invalid`: Refresh token invalid; `refresh_expired`: Session expired; `refresh_reused`: Refresh token reused; `session_revoked`: Session revoked */
        401: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'Set-Cookie': components['headers']['Set-Cookie'];
            'WWW-Authenticate': components['headers']['WWW-Authenticate'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'refresh_invalid' | 'refresh_expired' | 'refresh_reused' | 'session_revoked';
              /** @enum {unknown} */
              status?: 401;
            };
          };
        };
        403: components['responses']['HttpsRequiredOrCsrfRejected'];
        408: components['responses']['RequestTimeout'];
        /** @description `refresh_superseded`: Refresh token superseded */
        409: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'refresh_superseded';
              /** @enum {unknown} */
              status?: 409;
            };
          };
        };
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['Unavailable'];
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
    /**
     * Registers an account
     * @description The answer is the same whether or not the address has one: its owner is told by mail.
     *
     *     Limit `register-requests`: 10 in 60 s for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['RegisterRequest'];
        };
      };
      responses: {
        /** @description Accepted; what follows is mailed. */
        202: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['EmptyResponse'];
          };
        };
        400: components['responses']['MalformedRequestOrMalformedJsonOrValidationFailedOrPasswordWeak'];
        /** @description `https_required`: HTTPS required; `registration_closed`: Registration closed */
        403: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'https_required' | 'registration_closed';
              /** @enum {unknown} */
              status?: 403;
            };
          };
        };
        408: components['responses']['RequestTimeout'];
        413: components['responses']['PayloadTooLarge'];
        415: components['responses']['UnsupportedMediaType'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['OverloadedOrUnavailable'];
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
     * Follows what is revoked, as server-sent events
     * @description First every live revocation (`event: revocation`), then `ready`, then each new one; `current` every second while this instance itself is current. After an unknown or too old `Last-Event-ID` comes `reset` and everything. At least once: apply each idempotently. At most 10 streams a client on an instance.
     *
     *     Limit `service-requests`: 6000 in 60 s for each service client; without its credentials, for each client’s network.
     */
    get: {
      parameters: {
        query?: {
          /** @description The same as `Last-Event-ID`, for clients that cannot set headers. */
          after?: string;
        };
        header?: {
          /** @description The `id` of the last event that was read */
          'Last-Event-ID'?: string;
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Server-sent events, for as long as the client reads. The data of a `revocation` is a RevocationEvent. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            /**
             * @example retry: 1000
             *
             *     event: revocation
             *     data: {"kind":"session","subject":"0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90","expiresAt":"2026-11-24T06:56:28.966Z"}
             *
             *     event: ready
             *     id: 01a20c57-785f-7071-b10b-8e02e2842041.71234.1795503388
             *     data: {}
             *
             *     event: current
             *     id: 01a20c57-785f-7071-b10b-8e02e2842041.71234.1795503388
             *     data: {}
             */
            'text/event-stream': string;
          };
        };
        400: components['responses']['MalformedRequestOrValidationFailed'];
        /** @description `invalid_client`: Client authentication failed */
        401: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'WWW-Authenticate': components['headers']['WWW-Authenticate'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'invalid_client';
              /** @enum {unknown} */
              status?: 401;
            };
          };
        };
        403: components['responses']['HttpsRequired'];
        408: components['responses']['RequestTimeout'];
        429: components['responses']['RateLimited'];
        431: components['responses']['HeadersTooLarge'];
        500: components['responses']['InternalError'];
        503: components['responses']['Unavailable'];
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
    /**
     * The process answers
     * @description Nothing it depends on is asked: a restart would not mend that.
     */
    get: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['LivenessResponse'];
          };
        };
        /** @description `malformed_request`: Malformed request */
        400: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'malformed_request';
              /** @enum {unknown} */
              status?: 400;
            };
          };
        };
        /** @description `request_timeout`: Request timeout */
        408: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'request_timeout';
              /** @enum {unknown} */
              status?: 408;
            };
          };
        };
        /** @description `headers_too_large`: Header fields too large */
        431: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'headers_too_large';
              /** @enum {unknown} */
              status?: 431;
            };
          };
        };
        /** @description `internal_error`: Internal error */
        500: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'internal_error';
              /** @enum {unknown} */
              status?: 500;
            };
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
  '/health/ready': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Whether this instance can serve: 200, or 503 naming the checks that fail
     * @description Whether this instance can serve: 200, or 503 naming the checks that fail.
     */
    get: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['ReadinessResponse'];
          };
        };
        /** @description `malformed_request`: Malformed request */
        400: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'malformed_request';
              /** @enum {unknown} */
              status?: 400;
            };
          };
        };
        /** @description `request_timeout`: Request timeout */
        408: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'request_timeout';
              /** @enum {unknown} */
              status?: 408;
            };
          };
        };
        /** @description `headers_too_large`: Header fields too large */
        431: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'headers_too_large';
              /** @enum {unknown} */
              status?: 431;
            };
          };
        };
        /** @description `internal_error`: Internal error */
        500: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'internal_error';
              /** @enum {unknown} */
              status?: 500;
            };
          };
        };
        /** @description Something fails, or the process is stopping. */
        503: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            'Retry-After': components['headers']['Retry-After'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['ReadinessResponse'];
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
    /**
     * Tells whether a token is good right now (RFC 7662)
     * @description Limit `service-requests`: 6000 in 60 s for each service client; without its credentials, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/x-www-form-urlencoded': components['schemas']['TokenForm'];
        };
      };
      responses: {
        /** @description The answer. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['IntrospectionResponse'];
          };
        };
        /** @description `malformed_request`: Malformed request */
        400: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'invalid_request';
            };
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'malformed_request';
              /** @enum {unknown} */
              status?: 400;
            };
          };
        };
        /** @description `invalid_client`: Client authentication failed */
        401: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'WWW-Authenticate': components['headers']['WWW-Authenticate'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'invalid_client';
            };
          };
        };
        /** @description `https_required`: HTTPS required */
        403: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'unauthorized_client';
            };
          };
        };
        /** @description `request_timeout`: Request timeout */
        408: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'invalid_request';
            };
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'request_timeout';
              /** @enum {unknown} */
              status?: 408;
            };
          };
        };
        /** @description `payload_too_large`: Payload too large */
        413: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'invalid_request';
            };
          };
        };
        /** @description `unsupported_media_type`: Unsupported media type */
        415: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'invalid_request';
            };
          };
        };
        /** @description `rate_limited`: Too many requests */
        429: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'Retry-After': components['headers']['Retry-After'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'temporarily_unavailable';
            };
          };
        };
        /** @description `headers_too_large`: Header fields too large */
        431: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'invalid_request';
            };
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'headers_too_large';
              /** @enum {unknown} */
              status?: 431;
            };
          };
        };
        /** @description `internal_error`: Internal error */
        500: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'server_error';
            };
          };
        };
        /** @description `revocation_unknown`: Revocations unknown; `unavailable`: Service unavailable */
        503: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'Retry-After': components['headers']['Retry-After'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'temporarily_unavailable';
            };
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
     * Revokes a token (RFC 7009): 200 whatever it is
     * @description A refresh token needs no client authentication, since whoever holds it could use it; an access token does.
     *
     *     Limit `service-requests`: 6000 in 60 s for each service client; without its credentials, for each client’s network.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description The caller’s own id of this request, kept where it is of this form. */
          'X-Request-Id'?: components['parameters']['RequestId'];
        };
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/x-www-form-urlencoded': components['schemas']['TokenForm'];
        };
      };
      responses: {
        /** @description Whatever the token was, it is good no more. There is no body. */
        200: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description `malformed_request`: Malformed request */
        400: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'invalid_request';
            };
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'malformed_request';
              /** @enum {unknown} */
              status?: 400;
            };
          };
        };
        /** @description `invalid_client`: Client authentication failed */
        401: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'WWW-Authenticate': components['headers']['WWW-Authenticate'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'invalid_client';
            };
          };
        };
        /** @description `https_required`: HTTPS required */
        403: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'unauthorized_client';
            };
          };
        };
        /** @description `request_timeout`: Request timeout */
        408: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'invalid_request';
            };
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'request_timeout';
              /** @enum {unknown} */
              status?: 408;
            };
          };
        };
        /** @description `payload_too_large`: Payload too large */
        413: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'invalid_request';
            };
          };
        };
        /** @description `unsupported_media_type`: Unsupported media type */
        415: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'invalid_request';
            };
          };
        };
        /** @description `rate_limited`: Too many requests */
        429: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'Retry-After': components['headers']['Retry-After'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'temporarily_unavailable';
            };
          };
        };
        /** @description `headers_too_large`: Header fields too large */
        431: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'invalid_request';
            };
            'application/problem+json': components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'headers_too_large';
              /** @enum {unknown} */
              status?: 431;
            };
          };
        };
        /** @description `internal_error`: Internal error */
        500: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'server_error';
            };
          };
        };
        /** @description `unavailable`: Service unavailable */
        503: {
          headers: {
            'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
            'Cache-Control': components['headers']['Cache-Control'];
            RateLimit: components['headers']['RateLimit'];
            'RateLimit-Policy': components['headers']['RateLimit-Policy'];
            'Retry-After': components['headers']['Retry-After'];
            'X-Request-Id': components['headers']['X-Request-Id'];
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['OauthErrorResponse'] & {
              /** @enum {string} */
              error?: 'temporarily_unavailable';
            };
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
    /**
     * @example {
     *       "code": "492039",
     *       "password": "seven quiet otters juggling"
     *     }
     */
    AccountDeletionRequest: {
      /**
       * @description Six digits of the authenticator app, where the account has one.
       * @example 492039
       */
      code?: string;
      /**
       * Format: password
       * @description The account's password, once more.
       * @example seven quiet otters juggling
       */
      password: string;
    };
    /**
     * @example {
     *       "code": "492039",
     *       "recoveryCode": "7K2M-9QXT-0VBD-3HWE",
     *       "password": "seven quiet otters juggling"
     *     }
     */
    BothFactorsRequest: {
      /**
       * @description Six digits of the authenticator app; a blank between two groups of three is allowed.
       * @example 492039
       */
      code?: string;
      /**
       * Format: password
       * @description The account's password, once more.
       * @example seven quiet otters juggling
       */
      password: string;
      /**
       * @description One of the ten recovery codes, instead of `code`, in any case and with or without hyphens.
       * @example 7K2M-9QXT-0VBD-3HWE
       */
      recoveryCode?: string;
    };
    /**
     * @example {
     *       "seal": 12,
     *       "eventId": "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90",
     *       "problem": "event_changed"
     *     }
     */
    BrokenResponse: {
      /**
       * Format: uuid
       * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
       */
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
      /**
       * Format: int64
       * @description The number of the seal that covers it.
       * @example 12
       */
      seal: number | null;
    };
    /**
     * @example {
     *       "matched": 12,
     *       "revoked": 11
     *     }
     */
    BulkRevokedResponse: {
      /**
       * Format: int64
       * @description How many live sessions match, the caller's own among them.
       * @example 12
       */
      matched: number;
      /**
       * Format: int64
       * @description How many of them were revoked.
       * @example 11
       */
      revoked: number;
    };
    /**
     * @example {
     *       "roles": [
     *         "support"
     *       ],
     *       "disabled": false,
     *       "name": "Ada Lovelace"
     *     }
     */
    ChangeUserRequest: {
      /**
       * @description Nobody signs in to a disabled account.
       * @example false
       */
      disabled?: boolean;
      /**
       * @description What the user is called: 1 to 100 characters; null removes it, absent leaves it.
       * @example Ada Lovelace
       */
      name?: string | null;
      /**
       * @description All that the account is to have. Only `admin` has a meaning to this service.
       * @example [
       *       "support"
       *     ]
       */
      roles?: string[];
    };
    /**
     * @example {
     *       "seals": 12,
     *       "events": 12,
     *       "head": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
     *       "at": "2026-11-24T06:56:28.966Z",
     *       "mac": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
     *     }
     */
    CheckpointResponse: {
      /**
       * Format: date-time
       * @example 2026-11-24T06:56:28.966Z
       */
      at: string;
      /**
       * Format: int64
       * @description How many events the seals cover, those of removed months too.
       * @example 12
       */
      events: number;
      /** @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 */
      head: string;
      /**
       * @description The MAC of the checkpoint: `npm run audit:verify` knows it again.
       * @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
       */
      mac: string;
      /**
       * Format: int64
       * @description The number of the last seal.
       * @example 12
       */
      seals: number;
    };
    /**
     * @example {
     *       "socketAddress": "10.0.0.2",
     *       "headers": [
     *         {
     *           "name": "X-Forwarded-For",
     *           "value": "198.51.100.9, 10.0.0.2"
     *         }
     *       ],
     *       "chain": [
     *         {
     *           "value": "198.51.100.9",
     *           "address": "198.51.100.9",
     *           "trusted": false,
     *           "source": "socket"
     *         }
     *       ],
     *       "clientAddress": "198.51.100.9",
     *       "warnings": [],
     *       "trustProxy": {
     *         "hops": 1,
     *         "addresses": [
     *           "10.0.0.0/8"
     *         ],
     *         "kind": "none"
     *       }
     *     }
     */
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
      /**
       * @description Who is at the other end of the connection.
       * @example 10.0.0.2
       */
      socketAddress: string;
      /** @description `TRUST_PROXY`. */
      trustProxy: components['schemas']['TrustResponse'];
      /**
       * @description What contradicts, a sentence each.
       * @example []
       */
      warnings: string[];
    };
    /**
     * @example {
     *       "items": [
     *         {
     *           "clientId": "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90",
     *           "name": "orders service",
     *           "createdAt": "2026-11-24T06:56:28.966Z"
     *         }
     *       ],
     *       "nextCursor": "AQEBmcL0fR58OptfL2wdjkqQ8m3m9kq1v0Xb3w2S7hQf6g"
     *     }
     */
    ClientListResponse: {
      items: components['schemas']['ClientResponse'][];
      /** @example AQEBmcL0fR58OptfL2wdjkqQ8m3m9kq1v0Xb3w2S7hQf6g */
      nextCursor: string | null;
    };
    /**
     * @example {
     *       "clientId": "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90",
     *       "name": "orders service",
     *       "createdAt": "2026-11-24T06:56:28.966Z"
     *     }
     */
    ClientResponse: {
      /**
       * Format: uuid
       * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
       */
      clientId: string;
      /**
       * Format: date-time
       * @example 2026-11-24T06:56:28.966Z
       */
      createdAt: string;
      /** @example orders service */
      name: string;
    };
    /**
     * @example {
     *       "matched": 12
     *     }
     */
    CountMismatchMembers: {
      /**
       * Format: int64
       * @description How many live sessions match now.
       * @example 12
       */
      matched: number;
    };
    /**
     * @example {
     *       "name": "orders service"
     *     }
     */
    CreateClientRequest: {
      /**
       * @description What it is: 1 to 100 characters on one line.
       * @example orders service
       */
      name: string;
    };
    /**
     * @example {
     *       "clientId": "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90",
     *       "clientSecret": "cs_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25s"
     *     }
     */
    CreatedClientResponse: {
      /**
       * Format: uuid
       * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
       */
      clientId: string;
      /**
       * @description Shown this once.
       * @example cs_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25s
       */
      clientSecret: string;
    };
    /**
     * @example {
     *       "code": "492039",
     *       "email": "ada@example.com",
     *       "password": "seven quiet otters juggling"
     *     }
     */
    EmailChangeRequest: {
      /**
       * @description Six digits of the authenticator app, where the account has one.
       * @example 492039
       */
      code?: string;
      /**
       * Format: email
       * @description The address that the account is to have.
       * @example ada@example.com
       */
      email: string;
      /**
       * Format: password
       * @description The account's password, once more.
       * @example seven quiet otters juggling
       */
      password: string;
    };
    /**
     * @example {
     *       "email": "ada@example.com"
     *     }
     */
    EmailRequest: {
      /**
       * Format: email
       * @example ada@example.com
       */
      email: string;
    };
    /** @example {} */
    EmptyResponse: Record<string, never>;
    /**
     * @example {
     *       "items": [
     *         {
     *           "id": "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90",
     *           "type": "authn_login_success",
     *           "at": "2026-11-24T06:56:28.966Z",
     *           "actorId": null,
     *           "userId": "0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2",
     *           "sessionId": "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90",
     *           "ip": "203.0.113.7",
     *           "userAgent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/146.0",
     *           "requestId": "6568f0b9-8439-42e6-8e55-385eb866bc65",
     *           "count": 1,
     *           "details": {
     *             "step": "password"
     *           },
     *           "outcome": "success"
     *         }
     *       ],
     *       "nextCursor": "AQEBmcL0fR58OptfL2wdjkqQ8m3m9kq1v0Xb3w2S7hQf6g"
     *     }
     */
    EventListResponse: {
      items: components['schemas']['EventResponse'][];
      /**
       * @description To be sent as `cursor` for the next page; null on the last.
       * @example AQEBmcL0fR58OptfL2wdjkqQ8m3m9kq1v0Xb3w2S7hQf6g
       */
      nextCursor: string | null;
    };
    /**
     * @example {
     *       "id": "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90",
     *       "type": "authn_login_success",
     *       "at": "2026-11-24T06:56:28.966Z",
     *       "actorId": null,
     *       "userId": "0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2",
     *       "sessionId": "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90",
     *       "ip": "203.0.113.7",
     *       "userAgent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/146.0",
     *       "requestId": "6568f0b9-8439-42e6-8e55-385eb866bc65",
     *       "count": 1,
     *       "details": {
     *         "step": "password"
     *       },
     *       "outcome": "success"
     *     }
     */
    EventResponse: {
      /**
       * Format: uuid
       * @description Who did it, where it was not the user.
       * @example null
       */
      actorId: string | null;
      /**
       * Format: date-time
       * @description When; RFC 3339 in UTC.
       * @example 2026-11-24T06:56:28.966Z
       */
      at: string;
      /**
       * Format: int64
       * @description How many times it happened: more than one only of refusals that came in a flood.
       * @example 1
       */
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
      /**
       * Format: uuid
       * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
       */
      id: string;
      /**
       * @description From where.
       * @example 203.0.113.7
       */
      ip: string | null;
      /** @enum {string} */
      outcome: 'success' | 'failure';
      /**
       * @description The request that caused it, as in `X-Request-Id`.
       * @example 6568f0b9-8439-42e6-8e55-385eb866bc65
       */
      requestId: string | null;
      /**
       * Format: uuid
       * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
       */
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
      /** @example Mozilla/5.0 (X11; Linux x86_64) Firefox/146.0 */
      userAgent: string | null;
      /**
       * Format: uuid
       * @description Whose account it is about.
       * @example 0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2
       */
      userId: string | null;
    };
    /**
     * @example {
     *       "field": "email",
     *       "message": "must be an e-mail address"
     *     }
     */
    FieldErrorResponse: {
      /**
       * @description Path of the refused field.
       * @example email
       */
      field: string;
      /** @example must be an e-mail address */
      message: string;
    };
    /**
     * @example {
     *       "name": "X-Forwarded-For",
     *       "value": "198.51.100.9, 10.0.0.2"
     *     }
     */
    ForwardingHeaderResponse: {
      /** @example X-Forwarded-For */
      name: string;
      /**
       * @description As it came; at most 512 characters are shown.
       * @example 198.51.100.9, 10.0.0.2
       */
      value: string;
    };
    /**
     * @example {
     *       "id": "0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2",
     *       "roles": [
     *         "support"
     *       ]
     *     }
     */
    GuardedUser: {
      /**
       * Format: uuid
       * @example 0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2
       */
      id: string;
      /**
       * @example [
       *       "support"
       *     ]
       */
      roles: string[];
    };
    /**
     * @example {
     *       "value": "198.51.100.9",
     *       "address": "198.51.100.9",
     *       "trusted": false,
     *       "source": "socket"
     *     }
     */
    HopResponse: {
      /**
       * @description In its one form; null where what was written is no address.
       * @example 198.51.100.9
       */
      address: string | null;
      /** @enum {string} */
      source: 'socket' | 'x-forwarded-for';
      /**
       * @description Whether the next entry to the left is believed.
       * @example false
       */
      trusted: boolean;
      /**
       * @description As it was written.
       * @example 198.51.100.9
       */
      value: string;
    };
    /**
     * @example {
     *       "active": true,
     *       "token_type": "Bearer",
     *       "iss": "https://auth.example.com",
     *       "aud": "https://auth.example.com",
     *       "sub": "0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2",
     *       "client_id": "gatehouse",
     *       "jti": "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90",
     *       "sid": "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90",
     *       "iat": 1795503388,
     *       "exp": 1795503388,
     *       "auth_time": 1795503388,
     *       "amr": [
     *         "pwd"
     *       ],
     *       "roles": [
     *         "support"
     *       ]
     *     }
     */
    IntrospectionResponse: {
      /**
       * @description Where false, it is the only member.
       * @example true
       */
      active: boolean;
      /**
       * @example [
       *       "pwd"
       *     ]
       */
      amr?: ('pwd' | 'otp')[];
      /** @example https://auth.example.com */
      aud?: string;
      /**
       * Format: int64
       * @example 1795503388
       */
      auth_time?: number;
      /** @enum {string} */
      client_id?: 'gatehouse';
      /**
       * Format: int64
       * @example 1795503388
       */
      exp?: number;
      /**
       * Format: int64
       * @description NumericDate, in seconds, as all times here.
       * @example 1795503388
       */
      iat?: number;
      /**
       * Format: uri
       * @example https://auth.example.com
       */
      iss?: string;
      /**
       * Format: uuid
       * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
       */
      jti?: string;
      /**
       * @example [
       *       "support"
       *     ]
       */
      roles?: string[];
      /**
       * Format: uuid
       * @description The session's id.
       * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
       */
      sid?: string;
      /**
       * Format: uuid
       * @description The user's id.
       * @example 0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2
       */
      sub?: string;
      /**
       * @description Of an access token: "Bearer".
       * @enum {string}
       */
      token_type?: 'Bearer';
    };
    /**
     * @example {
     *       "email": "ada@example.com",
     *       "name": "Ada Lovelace",
     *       "roles": [
     *         "support"
     *       ]
     *     }
     */
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
    /**
     * @example {
     *       "items": [
     *         {
     *           "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
     *           "algorithm": "ES256",
     *           "createdAt": "2026-11-24T06:56:28.966Z",
     *           "activatesAt": "2026-11-24T06:56:28.966Z",
     *           "activatedAt": "2026-11-24T06:56:28.966Z",
     *           "retiresAt": null,
     *           "retiredAt": null,
     *           "state": "pending"
     *         }
     *       ],
     *       "nextCursor": null
     *     }
     */
    KeyListResponse: {
      items: components['schemas']['KeyResponse'][];
      /**
       * @description Always null: the list is whole.
       * @example null
       */
      nextCursor: null;
    };
    /**
     * @example {
     *       "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
     *       "algorithm": "ES256",
     *       "createdAt": "2026-11-24T06:56:28.966Z",
     *       "activatesAt": "2026-11-24T06:56:28.966Z",
     *       "activatedAt": "2026-11-24T06:56:28.966Z",
     *       "retiresAt": null,
     *       "retiredAt": null,
     *       "state": "pending"
     *     }
     */
    KeyResponse: {
      /**
       * Format: date-time
       * @example 2026-11-24T06:56:28.966Z
       */
      activatedAt: string | null;
      /**
       * Format: date-time
       * @description Of a pending key: when it goes active by itself; null until a rotation is due or asked for.
       * @example 2026-11-24T06:56:28.966Z
       */
      activatesAt: string | null;
      /**
       * @example ES256
       * @enum {string}
       */
      algorithm: 'ES256' | 'ES384' | 'PS256' | 'RS256' | 'HS256';
      /**
       * Format: date-time
       * @description When it was made and published.
       * @example 2026-11-24T06:56:28.966Z
       */
      createdAt: string;
      /** @example NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs */
      kid: string;
      /**
       * Format: date-time
       * @example null
       */
      retiredAt: string | null;
      /**
       * Format: date-time
       * @description Of a retiring key: when the last token that it signed has expired.
       * @example null
       */
      retiresAt: string | null;
      /** @enum {string} */
      state: 'pending' | 'active' | 'retiring' | 'retired';
    };
    /**
     * @example {
     *       "keys": [
     *         {
     *           "kty": "EC",
     *           "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
     *           "use": "sig",
     *           "alg": "ES256",
     *           "crv": "P-256",
     *           "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
     *           "y": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
     *         }
     *       ]
     *     }
     */
    KeySetResponse: {
      keys: components['schemas']['PublicKeyResponse'][];
    };
    /**
     * @example {
     *       "token": "al_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25s"
     *     }
     */
    LinkRequest: {
      /**
       * @description The token behind `#token=` of the mailed link.
       * @example al_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25s
       */
      token: string;
    };
    /**
     * @example {
     *       "status": "up"
     *     }
     */
    LivenessResponse: {
      /** @enum {string} */
      status: 'up';
    };
    /**
     * @example {
     *       "email": "ada@example.com",
     *       "password": "seven quiet otters juggling",
     *       "deviceName": "Work laptop",
     *       "deviceToken": "dt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLW",
     *       "refreshTokenIn": "body"
     *     }
     */
    LoginRequest: {
      /**
       * @description What the user calls this device, shown in the list of sessions.
       * @example Work laptop
       */
      deviceName?: string;
      /**
       * @description What an earlier sign-in from this device answered with: wrong passwords are then counted for the device alone, so that
       *     guesses of strangers cannot keep its owner out. One that is not good for this account is ignored.
       * @example dt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLW
       */
      deviceToken?: string;
      /**
       * Format: email
       * @description The e-mail address of the account.
       * @example ada@example.com
       */
      email: string;
      /**
       * Format: password
       * @description The password, exactly as it was chosen: it is never trimmed, cut or case-folded.
       * @example seven quiet otters juggling
       */
      password: string;
      /**
       * @description Where refresh token and device token are handed over: in the answer, or in cookies that no script can read
       *     (`__Host-refresh` and `__Host-device`).
       * @example body
       * @enum {string}
       */
      refreshTokenIn?: 'body' | 'cookie';
    };
    /**
     * @example {
     *       "refreshToken": "rt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV"
     *     }
     */
    LogoutRequest: {
      /**
       * @description The session's refresh token, for a client that has no access token at hand.
       * @example rt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV
       */
      refreshToken?: string;
    };
    /**
     * @example {
     *       "issuer": "https://auth.example.com",
     *       "jwks_uri": "https://auth.example.com/.well-known/jwks.json",
     *       "introspection_endpoint": "https://auth.example.com/oauth/introspect",
     *       "introspection_endpoint_auth_methods_supported": [
     *         "client_secret_basic"
     *       ],
     *       "revocation_endpoint": "https://auth.example.com/oauth/revoke",
     *       "revocation_endpoint_auth_methods_supported": [
     *         "client_secret_basic",
     *         "none"
     *       ],
     *       "response_types_supported": [],
     *       "grant_types_supported": []
     *     }
     */
    MetadataResponse: {
      /**
       * @description Empty: no grant is offered.
       * @example []
       */
      grant_types_supported: string[];
      /**
       * Format: uri
       * @example https://auth.example.com/oauth/introspect
       */
      introspection_endpoint: string;
      /**
       * @example [
       *       "client_secret_basic"
       *     ]
       */
      introspection_endpoint_auth_methods_supported: 'client_secret_basic'[];
      /**
       * Format: uri
       * @example https://auth.example.com
       */
      issuer: string;
      /**
       * Format: uri
       * @example https://auth.example.com/.well-known/jwks.json
       */
      jwks_uri: string;
      /**
       * @description Empty: no authorization endpoint.
       * @example []
       */
      response_types_supported: string[];
      /**
       * Format: uri
       * @example https://auth.example.com/oauth/revoke
       */
      revocation_endpoint: string;
      /**
       * @example [
       *       "client_secret_basic",
       *       "none"
       *     ]
       */
      revocation_endpoint_auth_methods_supported: ('client_secret_basic' | 'none')[];
    };
    /**
     * @example {
     *       "code": "492039",
     *       "recoveryCode": "7K2M-9QXT-0VBD-3HWE",
     *       "mfaToken": "mt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25s"
     *     }
     */
    MfaLoginRequest: {
      /**
       * @description Six digits of the authenticator app; a blank between two groups of three is allowed.
       * @example 492039
       */
      code?: string;
      /**
       * @description The `mfaToken` of the answer `mfa_required`; good for five minutes, five codes and one sign-in.
       * @example mt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25s
       */
      mfaToken: string;
      /**
       * @description One of the ten recovery codes, instead of `code`, in any case and with or without hyphens.
       * @example 7K2M-9QXT-0VBD-3HWE
       */
      recoveryCode?: string;
    };
    /**
     * @example {
     *       "mfaToken": "mt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25s",
     *       "methods": [
     *         "totp",
     *         "recovery_code"
     *       ]
     *     }
     */
    MfaRequiredMembers: {
      /**
       * @description What is accepted.
       * @example [
       *       "totp",
       *       "recovery_code"
       *     ]
       */
      methods?: ('totp' | 'recovery_code')[];
      /**
       * @description To be sent with the code: good for five minutes, five codes and one sign-in.
       * @example mt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25s
       */
      mfaToken?: string;
    };
    /**
     * @example {
     *       "error": "invalid_client",
     *       "error_description": "This takes the credentials of a service client, by HTTP Basic."
     *     }
     */
    OauthErrorResponse: {
      /**
       * @example invalid_client
       * @enum {string}
       */
      error: 'invalid_request' | 'invalid_client' | 'unauthorized_client' | 'temporarily_unavailable' | 'server_error';
      /**
       * @description What happened, for a person: it may change.
       * @example This takes the credentials of a service client, by HTTP Basic.
       */
      error_description?: string;
    };
    /**
     * @example {
     *       "password": "seven quiet otters juggling"
     *     }
     */
    PasswordAgainRequest: {
      /**
       * Format: password
       * @description The account's password, once more.
       * @example seven quiet otters juggling
       */
      password: string;
    };
    /**
     * @example {
     *       "code": "492039",
     *       "currentPassword": "seven quiet otters juggling",
     *       "newPassword": "correct horse battery staple"
     *     }
     */
    PasswordChangeRequest: {
      /**
       * @description Six digits of the authenticator app, where the account has one.
       * @example 492039
       */
      code?: string;
      /**
       * Format: password
       * @example seven quiet otters juggling
       */
      currentPassword: string;
      /**
       * Format: password
       * @example correct horse battery staple
       */
      newPassword: string;
    };
    /**
     * @example {
     *       "token": "al_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25s",
     *       "password": "correct horse battery staple"
     *     }
     */
    PasswordResetRequest: {
      /**
       * Format: password
       * @description The new password, by the rules of a registration.
       * @example correct horse battery staple
       */
      password: string;
      /**
       * @description The token behind `#token=` of the mailed link.
       * @example al_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25s
       */
      token: string;
    };
    /**
     * @example {
     *       "deviceToken": "dt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLW"
     *     }
     */
    PasswordResetResponse: {
      /**
       * @description To be sent along with the next sign-in: it gets the owner in however many strangers guess at the account.
       * @example dt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLW
       */
      deviceToken: string;
    };
    /**
     * @example {
     *       "reason": "too_short"
     *     }
     */
    PasswordWeakMembers: {
      /**
       * @description Why; `contextual` is made of the user's own name or address, or of the product's name.
       * @example too_short
       * @enum {string}
       */
      reason: 'too_short' | 'too_long' | 'malformed' | 'common' | 'contextual';
    };
    /**
     * @example {
     *       "type": "https://auth.example.com/docs/errors#not_found",
     *       "title": "Not found",
     *       "status": 404,
     *       "detail": "There is nothing at this address.",
     *       "code": "not_found",
     *       "requestId": "6568f0b9-8439-42e6-8e55-385eb866bc65"
     *     }
     */
    ProblemResponse: {
      /**
       * @description What happened, for a program: one of a closed list.
       * @example not_found
       * @enum {string}
       */
      code:
        | 'malformed_request'
        | 'malformed_json'
        | 'validation_failed'
        | 'payload_too_large'
        | 'headers_too_large'
        | 'unsupported_media_type'
        | 'request_timeout'
        | 'https_required'
        | 'not_found'
        | 'rate_limited'
        | 'token_missing'
        | 'token_invalid'
        | 'token_expired'
        | 'token_stale'
        | 'token_revoked'
        | 'forbidden'
        | 'reauth_required'
        | 'mfa_enrolment_required'
        | 'revocation_unknown'
        | 'invalid_credentials'
        | 'account_disabled'
        | 'email_unverified'
        | 'password_weak'
        | 'registration_closed'
        | 'link_invalid'
        | 'email_taken'
        | 'last_admin'
        | 'mfa_required'
        | 'mfa_invalid'
        | 'mfa_enrolled'
        | 'csrf_rejected'
        | 'refresh_invalid'
        | 'refresh_expired'
        | 'refresh_reused'
        | 'refresh_superseded'
        | 'invalid_client'
        | 'keys_in_config'
        | 'count_mismatch'
        | 'too_many'
        | 'session_revoked'
        | 'overloaded'
        | 'unavailable'
        | 'internal_error';
      /**
       * @description What happened, for a person: it may change.
       * @example There is nothing at this address.
       */
      detail: string;
      /**
       * @description The id of this request, as in `X-Request-Id` and in the log.
       * @example 6568f0b9-8439-42e6-8e55-385eb866bc65
       */
      requestId: string;
      /**
       * Format: int32
       * @example 404
       */
      status: number;
      /**
       * @description The same for every occurrence of the code.
       * @example Not found
       */
      title: string;
      /**
       * Format: uri
       * @description Where the error is explained.
       * @example https://auth.example.com/docs/errors#not_found
       */
      type: string;
    };
    /**
     * @example {
     *       "message": "Access granted",
     *       "user": {
     *         "id": "0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2",
     *         "roles": [
     *           "support"
     *         ]
     *       }
     *     }
     */
    ProtectedResponse: {
      /**
       * @example Access granted
       * @enum {string}
       */
      message: 'Access granted';
      user: components['schemas']['GuardedUser'];
    };
    /**
     * @example {
     *       "kty": "EC",
     *       "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
     *       "use": "sig",
     *       "alg": "ES256",
     *       "crv": "P-256",
     *       "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
     *       "y": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
     *     }
     */
    PublicKeyResponse: {
      /**
       * @example ES256
       * @enum {string}
       */
      alg: 'ES256' | 'ES384' | 'PS256' | 'RS256';
      /** @enum {string} */
      crv?: 'P-256' | 'P-384';
      e?: string;
      /**
       * @description The thumbprint of the key (RFC 7638).
       * @example NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
       */
      kid: string;
      /**
       * @example EC
       * @enum {string}
       */
      kty: 'EC' | 'RSA';
      n?: string;
      /**
       * @example sig
       * @enum {string}
       */
      use: 'sig';
      /** @example f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU */
      x?: string;
      /** @example f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU */
      y?: string;
    };
    /**
     * @example {
     *       "checks": {
     *         "database": "up",
     *         "revocations": "up"
     *       },
     *       "status": "up"
     *     }
     */
    ReadinessResponse: {
      /**
       * @description By name: what this instance cannot do without.
       * @example {
       *       "database": "up",
       *       "revocations": "up"
       *     }
       */
      checks: {
        [key: string]: 'up' | 'down';
      };
      /** @enum {string} */
      status: 'up' | 'down';
    };
    /**
     * @example {
     *       "reason": "asked for by phone"
     *     }
     */
    ReasonRequest: {
      /**
       * @description Kept with the event.
       * @example asked for by phone
       */
      reason?: string;
    };
    /**
     * @example {
     *       "recoveryCodes": [
     *         "7K2M-9QXT-0VBD-3HW0",
     *         "7K2M-9QXT-0VBD-3HW1",
     *         "7K2M-9QXT-0VBD-3HW2",
     *         "7K2M-9QXT-0VBD-3HW3",
     *         "7K2M-9QXT-0VBD-3HW4",
     *         "7K2M-9QXT-0VBD-3HW5",
     *         "7K2M-9QXT-0VBD-3HW6",
     *         "7K2M-9QXT-0VBD-3HW7",
     *         "7K2M-9QXT-0VBD-3HW8",
     *         "7K2M-9QXT-0VBD-3HW9"
     *       ]
     *     }
     */
    RecoveryCodesResponse: {
      /**
       * @description Ten, each good for one sign-in without the app. Shown this once.
       * @example [
       *       "7K2M-9QXT-0VBD-3HW0",
       *       "7K2M-9QXT-0VBD-3HW1",
       *       "7K2M-9QXT-0VBD-3HW2",
       *       "7K2M-9QXT-0VBD-3HW3",
       *       "7K2M-9QXT-0VBD-3HW4",
       *       "7K2M-9QXT-0VBD-3HW5",
       *       "7K2M-9QXT-0VBD-3HW6",
       *       "7K2M-9QXT-0VBD-3HW7",
       *       "7K2M-9QXT-0VBD-3HW8",
       *       "7K2M-9QXT-0VBD-3HW9"
       *     ]
       */
      recoveryCodes: string[];
    };
    /**
     * @example {
     *       "refreshToken": "rt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV"
     *     }
     */
    RefreshRequest: {
      /**
       * @description The refresh token that the last sign-in or refresh answered with. Left out by a client whose token is in the cookie.
       * @example rt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV
       */
      refreshToken?: string;
    };
    /**
     * @example {
     *       "email": "ada@example.com",
     *       "password": "seven quiet otters juggling",
     *       "name": "Ada Lovelace"
     *     }
     */
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
       * Format: password
       * @description At least 15 characters (configurable), at most 128 and 512 bytes. Any Unicode, no rules of composition.
       * @example seven quiet otters juggling
       */
      password: string;
    };
    /**
     * @example {
     *       "subject": "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90",
     *       "expiresAt": "2026-11-24T06:56:28.966Z",
     *       "kind": "session"
     *     }
     */
    RevocationEvent: {
      /**
       * Format: date-time
       * @description From when on no token that it concerns can be good by itself.
       * @example 2026-11-24T06:56:28.966Z
       */
      expiresAt: string;
      /** @enum {string} */
      kind: 'session' | 'key' | 'token' | 'era' | 'user';
      /**
       * Format: int64
       * @description Of a user: tokens whose `ver` is lower are refused. Of an era: those whose `era` is.
       */
      minimum?: number;
      /**
       * @description The id of the session, token or user, the `kid` of the key; `*` where everyone is meant.
       * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
       */
      subject: string;
    };
    /**
     * @example {
     *       "revoked": 2
     *     }
     */
    RevokedResponse: {
      /**
       * Format: int64
       * @description How many sessions were ended.
       * @example 2
       */
      revoked: number;
    };
    /**
     * @example {
     *       "userId": "0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2",
     *       "ip": "203.0.113.0/24",
     *       "userAgent": "Firefox/13",
     *       "createdBefore": "2026-11-24T06:00:00Z",
     *       "createdAfter": "2026-11-01T00:00:00Z",
     *       "reason": "laptop reported stolen",
     *       "active": true,
     *       "all": true,
     *       "dryRun": true,
     *       "expected": 12,
     *       "includeSelf": false
     *     }
     */
    RevokeSessionsRequest: {
      /**
       * @description Only live sessions can be revoked: true by itself means all of them, up to 100,000; with false none matches.
       * @example true
       */
      active?: boolean;
      /**
       * @description Every session of everyone, in the place of any filter and however many they are.
       * @enum {boolean}
       */
      all?: true;
      /**
       * Format: date-time
       * @description Signed in after this time.
       * @example 2026-11-01T00:00:00Z
       */
      createdAfter?: string;
      /**
       * Format: date-time
       * @description Signed in before this time.
       * @example 2026-11-24T06:00:00Z
       */
      createdBefore?: string;
      /**
       * @description Only count: nothing is revoked.
       * @example true
       */
      dryRun?: boolean;
      /**
       * Format: int32
       * @description Revoke none unless exactly as many match, as a dry run has told.
       * @example 12
       */
      expected?: number;
      /**
       * @description Revoke the session of this call too, if it matches.
       * @example false
       */
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
       * Format: uuid
       * @description Whose they are.
       * @example 0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2
       */
      userId?: string;
    };
    /**
     * @example {
     *       "emergency": false,
     *       "discardPending": false
     *     }
     */
    RotateKeyRequest: {
      /**
       * @description Of an emergency: the pending key may be known too. Remote caches fail until they have fetched the new one.
       * @example false
       */
      discardPending?: boolean;
      /**
       * @description The key in use, or what wraps it, may be known to others: end its use at once.
       * @example false
       */
      emergency?: boolean;
    };
    /**
     * @example {
     *       "items": [
     *         {
     *           "id": "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90",
     *           "userId": "0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2",
     *           "createdAt": "2026-11-24T06:56:28.966Z",
     *           "lastUsedAt": "2026-11-24T06:56:28.966Z",
     *           "expiresAt": "2026-12-01T06:56:28.966Z",
     *           "revokedAt": null,
     *           "revokedReason": null,
     *           "ip": "203.0.113.7",
     *           "userAgent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/146.0",
     *           "deviceName": "Work laptop",
     *           "amr": [
     *             "pwd"
     *           ],
     *           "current": true,
     *           "expiresBy": "idle"
     *         }
     *       ],
     *       "nextCursor": "AQEBmcL0fR58OptfL2wdjkqQ8m3m9kq1v0Xb3w2S7hQf6g"
     *     }
     */
    SessionListResponse: {
      items: components['schemas']['SessionResponse'][];
      /**
       * @description To be sent as `cursor` for the next page; null on the last.
       * @example AQEBmcL0fR58OptfL2wdjkqQ8m3m9kq1v0Xb3w2S7hQf6g
       */
      nextCursor: string | null;
    };
    /**
     * @example {
     *       "id": "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90",
     *       "userId": "0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2",
     *       "createdAt": "2026-11-24T06:56:28.966Z",
     *       "lastUsedAt": "2026-11-24T06:56:28.966Z",
     *       "expiresAt": "2026-12-01T06:56:28.966Z",
     *       "revokedAt": null,
     *       "revokedReason": null,
     *       "ip": "203.0.113.7",
     *       "userAgent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/146.0",
     *       "deviceName": "Work laptop",
     *       "amr": [
     *         "pwd"
     *       ],
     *       "current": true,
     *       "expiresBy": "idle"
     *     }
     */
    SessionResponse: {
      /**
       * @description How the user was authenticated (RFC 8176).
       * @example [
       *       "pwd"
       *     ]
       */
      amr: ('pwd' | 'otp')[];
      /**
       * Format: date-time
       * @description When the user signed in; RFC 3339 in UTC, as all times here.
       * @example 2026-11-24T06:56:28.966Z
       */
      createdAt: string;
      /**
       * @description Whether it is the session of the token that asks.
       * @example true
       */
      current: boolean;
      /** @example Work laptop */
      deviceName: string | null;
      /**
       * Format: date-time
       * @description When it ends by itself, unless it is refreshed before.
       * @example 2026-12-01T06:56:28.966Z
       */
      expiresAt: string;
      /**
       * @description Whether disuse or age ends it first.
       * @enum {string}
       */
      expiresBy: 'idle' | 'absolute';
      /**
       * Format: uuid
       * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
       */
      id: string;
      /**
       * @description The client's address at the sign-in.
       * @example 203.0.113.7
       */
      ip: string;
      /**
       * Format: date-time
       * @description When it was refreshed last.
       * @example 2026-11-24T06:56:28.966Z
       */
      lastUsedAt: string;
      /**
       * Format: date-time
       * @example null
       */
      revokedAt: string | null;
      /** @example null */
      revokedReason: string | null;
      /**
       * @description The user agent at the sign-in.
       * @example Mozilla/5.0 (X11; Linux x86_64) Firefox/146.0
       */
      userAgent: string | null;
      /**
       * Format: uuid
       * @example 0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2
       */
      userId: string;
    };
    /**
     * @example {
     *       "token": "rt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV",
     *       "token_type_hint": "refresh_token"
     *     }
     */
    TokenForm: {
      /**
       * Format: password
       * @description The access or refresh token.
       * @example rt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV
       */
      token: string;
      /**
       * @description Accepted and ignored: a token shows its type by its form.
       * @example refresh_token
       */
      token_type_hint?: string;
    };
    /**
     * @example {
     *       "accessToken": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IkUxIn0.eyJzdWIiOiIwMTk5YzJmNC02YTEwLTdiMjEtOGM0ZC05MWIzYTdlNmY1ZDIifQ.c2lnbmF0dXJl",
     *       "expiresIn": 900,
     *       "refreshToken": "rt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV",
     *       "refreshExpiresIn": 604800,
     *       "sessionId": "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90",
     *       "deviceToken": "dt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLW",
     *       "tokenType": "Bearer"
     *     }
     */
    TokensResponse: {
      /**
       * @description A signed JWT (RFC 9068), to be sent as `Authorization: Bearer …`.
       * @example eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IkUxIn0.eyJzdWIiOiIwMTk5YzJmNC02YTEwLTdiMjEtOGM0ZC05MWIzYTdlNmY1ZDIifQ.c2lnbmF0dXJl
       */
      accessToken: string;
      /**
       * @description Of a sign-in only: to be kept, and sent along with the next sign-in of this account from this device. Absent where it
       *     is in the cookie.
       * @example dt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLW
       */
      deviceToken?: string;
      /**
       * Format: int32
       * @description Seconds until the access token expires.
       * @example 900
       */
      expiresIn: number;
      /**
       * Format: int32
       * @description Seconds until the session ends, unless it is refreshed before.
       * @example 604800
       */
      refreshExpiresIn: number;
      /**
       * @description Opaque, to be used once: each refresh answers with the next one. Absent where it is in the cookie.
       * @example rt_Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV4YW1wbGUtb25seS0Zm9yLWV
       */
      refreshToken?: string;
      /**
       * Format: uuid
       * @example 0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90
       */
      sessionId: string;
      /**
       * @example Bearer
       * @enum {string}
       */
      tokenType: 'Bearer';
    };
    /**
     * @example {
     *       "code": "492039"
     *     }
     */
    TotpConfirmRequest: {
      /**
       * @description Six digits that the app shows for the new secret; a blank between two groups of three is allowed.
       * @example 492039
       */
      code: string;
    };
    /**
     * @example {
     *       "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
     *       "otpauthUri": "otpauth://totp/auth.example.com:ada%40example.com?issuer=auth.example.com&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30",
     *       "qrCode": "data:image/png;base64,iVBORw0KGgo="
     *     }
     */
    TotpEnrolmentResponse: {
      /**
       * Format: uri
       * @example otpauth://totp/auth.example.com:ada%40example.com?issuer=auth.example.com&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30
       */
      otpauthUri: string;
      /**
       * Format: uri
       * @description The same as a QR code: a PNG as a data URL, to be the `src` of an image.
       * @example data:image/png;base64,iVBORw0KGgo=
       */
      qrCode: string;
      /**
       * @description The secret in base 32, for those who type it; 160 bits.
       * @example GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
       */
      secret: string;
    };
    /**
     * @example {
     *       "hops": 1,
     *       "addresses": [
     *         "10.0.0.0/8"
     *       ],
     *       "kind": "none"
     *     }
     */
    TrustResponse: {
      /**
       * @description Of `addresses`: the blocks whose addresses are trusted.
       * @example [
       *       "10.0.0.0/8"
       *     ]
       */
      addresses: string[];
      /**
       * Format: int32
       * @description Of `hops`: how many proxies are trusted, counted from the socket.
       * @example 1
       */
      hops: number | null;
      /** @enum {string} */
      kind: 'none' | 'hops' | 'addresses';
    };
    /**
     * @example {
     *       "name": "Ada Lovelace"
     *     }
     */
    UpdateProfileRequest: {
      /**
       * @description What the user is called: 1 to 100 characters; null removes it, absent leaves it.
       * @example Ada Lovelace
       */
      name?: string | null;
    };
    /**
     * @example {
     *       "items": [
     *         {
     *           "id": "0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2",
     *           "email": "ada@example.com",
     *           "emailVerified": true,
     *           "name": "Ada Lovelace",
     *           "roles": [
     *             "support"
     *           ],
     *           "disabled": false,
     *           "mfaEnabled": false,
     *           "createdAt": "2026-11-24T06:56:28.966Z",
     *           "lastLoginAt": "2026-11-24T06:56:28.966Z"
     *         }
     *       ],
     *       "nextCursor": "AQEBmcL0fR58OptfL2wdjkqQ8m3m9kq1v0Xb3w2S7hQf6g"
     *     }
     */
    UserListResponse: {
      items: components['schemas']['UserResponse'][];
      /** @example AQEBmcL0fR58OptfL2wdjkqQ8m3m9kq1v0Xb3w2S7hQf6g */
      nextCursor: string | null;
    };
    /**
     * @example {
     *       "id": "0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2",
     *       "email": "ada@example.com",
     *       "emailVerified": true,
     *       "name": "Ada Lovelace",
     *       "roles": [
     *         "support"
     *       ],
     *       "disabled": false,
     *       "mfaEnabled": false,
     *       "createdAt": "2026-11-24T06:56:28.966Z",
     *       "lastLoginAt": "2026-11-24T06:56:28.966Z"
     *     }
     */
    UserResponse: {
      /**
       * Format: date-time
       * @description RFC 3339 in UTC.
       * @example 2026-11-24T06:56:28.966Z
       */
      createdAt: string;
      /** @example false */
      disabled: boolean;
      /**
       * Format: email
       * @description Normalised: domain and local part in lower case.
       * @example ada@example.com
       */
      email: string;
      /** @example true */
      emailVerified: boolean;
      /**
       * Format: uuid
       * @description UUIDv7.
       * @example 0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2
       */
      id: string;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC; null before the first sign-in.
       * @example 2026-11-24T06:56:28.966Z
       */
      lastLoginAt: string | null;
      /** @example false */
      mfaEnabled: boolean;
      /** @example Ada Lovelace */
      name: string | null;
      /**
       * @description Only `admin` has a meaning to this service.
       * @example [
       *       "support"
       *     ]
       */
      roles: string[];
    };
    /**
     * @example {
     *       "errors": [
     *         {
     *           "field": "email",
     *           "message": "must be an e-mail address"
     *         }
     *       ]
     *     }
     */
    ValidationMembers: {
      /** @description Every field that was refused, up to fifty. */
      errors: components['schemas']['FieldErrorResponse'][];
    };
    /**
     * @example {
     *       "intact": true,
     *       "events": 12,
     *       "head": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
     *       "firstBroken": {
     *         "seal": 12,
     *         "eventId": "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90",
     *         "problem": "event_changed"
     *       },
     *       "checkpoint": {
     *         "seals": 12,
     *         "events": 12,
     *         "head": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
     *         "at": "2026-11-24T06:56:28.966Z",
     *         "mac": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
     *       }
     *     }
     */
    VerificationResponse: {
      /** @description The end of the chain as it is now; in the log output too. */
      checkpoint: components['schemas']['CheckpointResponse'];
      /**
       * Format: int64
       * @description How many events were checked.
       * @example 12
       */
      events: number;
      firstBroken: components['schemas']['BrokenResponse'] | null;
      /**
       * @description The MAC of the last seal that holds, in hex: kept elsewhere, it shows whether the tail was cut off since.
       * @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
       */
      head: string;
      /**
       * @description Whether every event is as it was written, none is missing, and none was added.
       * @example true
       */
      intact: boolean;
    };
  };
  responses: {
    /** @description `headers_too_large`: Header fields too large */
    HeadersTooLarge: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'headers_too_large';
          /** @enum {unknown} */
          status?: 431;
        };
      };
    };
    /** @description `https_required`: HTTPS required */
    HttpsRequired: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'https_required';
          /** @enum {unknown} */
          status?: 403;
        };
      };
    };
    /** @description `https_required`: HTTPS required; `csrf_rejected`: Cross-site request refused */
    HttpsRequiredOrCsrfRejected: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'https_required' | 'csrf_rejected';
          /** @enum {unknown} */
          status?: 403;
        };
      };
    };
    /** @description `https_required`: HTTPS required; `forbidden`: Forbidden; `mfa_enrolment_required`: Second factor required */
    HttpsRequiredOrForbiddenOrMfaEnrolmentRequired: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'WWW-Authenticate': components['headers']['WWW-Authenticate'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'https_required' | 'forbidden' | 'mfa_enrolment_required';
          /** @enum {unknown} */
          status?: 403;
        };
      };
    };
    /** @description `internal_error`: Internal error */
    InternalError: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'internal_error';
          /** @enum {unknown} */
          status?: 500;
        };
      };
    };
    /** @description `last_admin`: Last admin */
    LastAdmin: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'last_admin';
          /** @enum {unknown} */
          status?: 409;
        };
      };
    };
    /** @description `malformed_request`: Malformed request */
    MalformedRequest: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'malformed_request';
          /** @enum {unknown} */
          status?: 400;
        };
      };
    };
    /** @description `malformed_request`: Malformed request; `malformed_json`: Malformed JSON; `validation_failed`: Validation failed */
    MalformedRequestOrMalformedJsonOrValidationFailed: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json':
          | (components['schemas']['ProblemResponse'] &
              components['schemas']['ValidationMembers'] & {
                /** @enum {string} */
                code?: 'validation_failed';
                /** @enum {unknown} */
                status?: 400;
              })
          | (components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'malformed_request' | 'malformed_json';
              /** @enum {unknown} */
              status?: 400;
            });
      };
    };
    /** @description `malformed_request`: Malformed request; `malformed_json`: Malformed JSON; `validation_failed`: Validation failed; `password_weak`: Password refused */
    MalformedRequestOrMalformedJsonOrValidationFailedOrPasswordWeak: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json':
          | (components['schemas']['ProblemResponse'] &
              components['schemas']['ValidationMembers'] & {
                /** @enum {string} */
                code?: 'validation_failed';
                /** @enum {unknown} */
                status?: 400;
              })
          | (components['schemas']['ProblemResponse'] &
              components['schemas']['PasswordWeakMembers'] & {
                /** @enum {string} */
                code?: 'password_weak';
                /** @enum {unknown} */
                status?: 400;
              })
          | (components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'malformed_request' | 'malformed_json';
              /** @enum {unknown} */
              status?: 400;
            });
      };
    };
    /** @description `malformed_request`: Malformed request; `validation_failed`: Validation failed */
    MalformedRequestOrValidationFailed: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json':
          | (components['schemas']['ProblemResponse'] &
              components['schemas']['ValidationMembers'] & {
                /** @enum {string} */
                code?: 'validation_failed';
                /** @enum {unknown} */
                status?: 400;
              })
          | (components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?: 'malformed_request';
              /** @enum {unknown} */
              status?: 400;
            });
      };
    };
    /** @description `not_found`: Not found */
    NotFound: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'not_found';
          /** @enum {unknown} */
          status?: 404;
        };
      };
    };
    /** @description `overloaded`: Overloaded; `unavailable`: Service unavailable */
    OverloadedOrUnavailable: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'Retry-After': components['headers']['Retry-After'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'overloaded' | 'unavailable';
          /** @enum {unknown} */
          status?: 503;
        };
      };
    };
    /** @description `payload_too_large`: Payload too large */
    PayloadTooLarge: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'payload_too_large';
          /** @enum {unknown} */
          status?: 413;
        };
      };
    };
    /** @description `rate_limited`: Too many requests */
    RateLimited: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'Retry-After': components['headers']['Retry-After'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'rate_limited';
          /** @enum {unknown} */
          status?: 429;
        };
      };
    };
    /** @description `request_timeout`: Request timeout */
    RequestTimeout: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'request_timeout';
          /** @enum {unknown} */
          status?: 408;
        };
      };
    };
    /** @description `revocation_unknown`: Revocations unknown; `overloaded`: Overloaded; `unavailable`: Service unavailable */
    RevocationUnknownOrOverloadedOrUnavailable: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'Retry-After': components['headers']['Retry-After'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'revocation_unknown' | 'overloaded' | 'unavailable';
          /** @enum {unknown} */
          status?: 503;
        };
      };
    };
    /** @description `revocation_unknown`: Revocations unknown; `unavailable`: Service unavailable */
    RevocationUnknownOrUnavailable: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'Retry-After': components['headers']['Retry-After'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'revocation_unknown' | 'unavailable';
          /** @enum {unknown} */
          status?: 503;
        };
      };
    };
    /** @description `token_missing`: Access token missing; `token_invalid`: Access token invalid; `token_expired`: Access token expired; `token_stale`: Access token out of date; `token_revoked`: Access token revoked */
    TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevoked: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'WWW-Authenticate': components['headers']['WWW-Authenticate'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'token_missing' | 'token_invalid' | 'token_expired' | 'token_stale' | 'token_revoked';
          /** @enum {unknown} */
          status?: 401;
        };
      };
    };
    /** @description `token_missing`: Access token missing; `token_invalid`: Access token invalid; `token_expired`: Access token expired; `token_stale`: Access token out of date; `token_revoked`: Access token revoked; `invalid_credentials`: Invalid credentials; `mfa_required`: Code required; `mfa_invalid`: Code refused */
    TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrInvalidCredentialsOrMfaRequiredOrMfaInvalid: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'WWW-Authenticate': components['headers']['WWW-Authenticate'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json':
          | (components['schemas']['ProblemResponse'] &
              components['schemas']['MfaRequiredMembers'] & {
                /** @enum {string} */
                code?: 'mfa_required';
                /** @enum {unknown} */
                status?: 401;
              })
          | (components['schemas']['ProblemResponse'] & {
              /** @enum {string} */
              code?:
                | 'token_missing'
                | 'token_invalid'
                | 'token_expired'
                | 'token_stale'
                | 'token_revoked'
                | 'invalid_credentials'
                | 'mfa_invalid';
              /** @enum {unknown} */
              status?: 401;
            });
      };
    };
    /** @description `token_missing`: Access token missing; `token_invalid`: Access token invalid; `token_expired`: Access token expired; `token_stale`: Access token out of date; `token_revoked`: Access token revoked; `reauth_required`: Recent sign-in required */
    TokenMissingOrTokenInvalidOrTokenExpiredOrTokenStaleOrTokenRevokedOrReauthRequired: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'WWW-Authenticate': components['headers']['WWW-Authenticate'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?:
            'token_missing' | 'token_invalid' | 'token_expired' | 'token_stale' | 'token_revoked' | 'reauth_required';
          /** @enum {unknown} */
          status?: 401;
        };
      };
    };
    /** @description `unavailable`: Service unavailable */
    Unavailable: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'Retry-After': components['headers']['Retry-After'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'unavailable';
          /** @enum {unknown} */
          status?: 503;
        };
      };
    };
    /** @description `unsupported_media_type`: Unsupported media type */
    UnsupportedMediaType: {
      headers: {
        'Access-Control-Allow-Origin': components['headers']['Access-Control-Allow-Origin'];
        'Cache-Control': components['headers']['Cache-Control'];
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemResponse'] & {
          /** @enum {string} */
          code?: 'unsupported_media_type';
          /** @enum {unknown} */
          status?: 415;
        };
      };
    };
  };
  parameters: {
    /** @description The caller’s own id of this request, kept where it is of this form. */
    RequestId: string;
  };
  requestBodies: never;
  headers: {
    /** @description The caller’s origin, where `CORS_ORIGINS` lists it. */
    'Access-Control-Allow-Origin': string;
    /** @description Nothing is stored, but for the key set and the metadata. */
    'Cache-Control': string;
    /** @description What is left of each limit that the request counted against: `r` requests or tries, for `t` seconds. */
    RateLimit: string;
    /** @description Those limits: `q` in any `w` seconds. */
    'RateLimit-Policy': string;
    /** @description Seconds after which the same request may succeed. */
    'Retry-After': number;
    /** @description `__Host-refresh` and, of a sign-in, `__Host-device`; a `Max-Age` of 0 clears. */
    'Set-Cookie': string;
    /** @description How to authenticate, and what was wrong with the token that was sent (RFC 6750 §3). */
    'WWW-Authenticate': string;
    /** @description That this refresh token was handed out before, by the same refresh. */
    'X-Refresh-Replay': 'retry';
    /** @description The id of this request; a caller’s own where it sent one of this form. */
    'X-Request-Id': string;
  };
  pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
