"""The endpoints that read a body, and those that have one of their own Allow header."""

# Method, path, and whether the caller must be authenticated before the body counts.
READS_BODY = [
    ("POST", "/api/token/refresh/", False),
    ("POST", "/api/token/refresh", False),
    ("POST", "/api/token/blacklist/", False),
    ("POST", "/api/token/rotate/", True),
    ("POST", "/api/jwt/settings", True),
    ("POST", "/api/users/", True),
    ("PATCH", "/api/users/1/", True),
    ("PATCH", "/api/organizations/1", True),
    ("PATCH", "/api/current-user/hotkeys/", True),
]

# The recorded Allow header of each path.
ALLOW = {
    "/api/token/": "GET, POST, HEAD, OPTIONS",
    "/api/token/refresh/": "POST, OPTIONS",
    "/api/token/blacklist/": "POST, OPTIONS",
    "/api/token/rotate/": "POST, OPTIONS",
    "/api/jwt/settings": "GET, POST, HEAD, OPTIONS",
    "/api/current-user/token": "GET, HEAD, OPTIONS",
    "/api/current-user/reset-token/": "POST, OPTIONS",
    "/api/current-user/whoami": "GET, HEAD, OPTIONS",
    "/api/current-user/hotkeys/": "GET, PATCH, HEAD, OPTIONS",
    "/api/users/": "GET, POST, HEAD",
    "/api/users/1/": "GET, HEAD, PATCH, DELETE",
    "/api/organizations/": "GET, POST, HEAD, OPTIONS",
    "/api/organizations/1": "GET, PUT, PATCH, HEAD, OPTIONS",
    "/api/organizations/1/memberships": "GET, HEAD, OPTIONS",
    "/api/organizations/1/memberships/1/": "DELETE, GET",
    "/api/invite": "GET, HEAD, OPTIONS",
    "/api/invite/reset-token": "POST, OPTIONS",
}

STANDARD_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
