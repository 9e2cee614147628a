"""Verifies an access token as a service in Python would: by the published key set and PyJWT's own defaults."""

import json
import sys

import jwt

url, algorithm, audience, issuer, token = sys.argv[1:]
key = jwt.PyJWKClient(url).get_signing_key_from_jwt(token).key
required = ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "client_id"]
try:
    claims = jwt.decode(
        token, key, algorithms=[algorithm], audience=audience, issuer=issuer, options={"require": required}
    )
except jwt.InvalidTokenError as error:
    print(json.dumps({"refused": type(error).__name__}))
else:
    print(json.dumps({"claims": claims}))
