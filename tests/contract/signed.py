"""One signed request, with a signer of its own: what prepares a test is not what it tests."""
import datetime
import hashlib
import hmac
import urllib.parse
import urllib.request


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def send(method, url, service, credentials, headers=None, body=b""):
    """The answer's body. credentials: (access key, secret). Path and query have to be encoded and in
    order already."""
    access_key, secret = credentials
    parts = urllib.parse.urlsplit(url)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    payload = hashlib.sha256(body).hexdigest()
    headers = {**(headers or {}), "host": parts.netloc, "x-amz-content-sha256": payload,
               "x-amz-date": now}
    names = ";".join(sorted(headers))
    canonical = "\n".join([method, parts.path or "/", parts.query,
                           *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names,
                           payload])
    scope = f"{now[:8]}/us-east-1/{service}/aws4_request"
    text = (f"AWS4-HMAC-SHA256\n{now}\n{scope}\n"
            + hashlib.sha256(canonical.encode()).hexdigest())
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    headers["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, "
                                f"SignedHeaders={names}, Signature={_hmac(key, text).hex()}")
    request = urllib.request.Request(url, data=body or None, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=300) as answer:
        return answer.read()
