/*
 * endpoint.c - AWS's host names and those of other servers. Called by the AWS client: loaded once,
 * resolved for each request.
 */
#include "bindings/aws/endpoint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "bindings/aws/profile.h"
#include "bindings/aws/uri.h"
#include "bindings/s3_store.h"
#include "host/env.h"

#define PORT_MAX             65535
#define BUCKET_MAX           63
#define HOST_NAME_LENGTH_MAX 253 /* of the domain name system */

/* The domains of AWS's partitions, by the regions' prefixes; the last one is for all others, so
 * that a region opened tomorrow works (botocore 1.43: partitions.json). */
static const struct partition {
    const char *prefix, *domain, *dualstack_domain;
} partitions[] = {
    {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
    {"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
    {"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"", "amazonaws.com", "api.aws"},
};

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static const struct partition *partition_of(const char *region)
{
    const struct partition *partition = partitions;
    while (!begins_with(region, partition->prefix)) {
        partition++;
    }
    return partition;
}

/* ---- settings ------------------------------------------------------------------------------- */

/* A region becomes part of a host's name: nothing else may hide in it. */
static bool check_region(const char *region, struct error *err)
{
    size_t length = strlen(region);
    if (length > 0 && length <= ENDPOINT_REGION_MAX && region[0] != '-' &&
        region[length - 1] != '-' &&
        strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == length) {
        return true;
    }
    return error_set(err, "usage",
                     "'%.80s' is no AWS region: it has 1 to %d lower-case letters, digits and "
                     "hyphens, like eu-west-1",
                     region, ENDPOINT_REGION_MAX);
}

/* What the environment leaves open, and a profile may say. */
struct wanted {
    const char *region; /* NULL: not known */
    const char *url;    /* NULL: not known; "" is none */
};

static bool copy_wanted(const struct wanted *wanted, struct endpoint_settings *settings,
                        struct error *err)
{
    const char *url = wanted->url == NULL ? "" : wanted->url;
    if (wanted->region == NULL) {
        return error_set(err, "usage",
                         "no AWS region: set AWS_REGION, for example to eu-west-1, or the region "
                         "of a profile; none is guessed");
    }
    if (!check_region(wanted->region, err)) {
        return false;
    }
    if (strlen(url) > ENDPOINT_URL_MAX) {
        return error_set(err, "usage", "the endpoint URL has %zu bytes, at most %d are allowed",
                         strlen(url), ENDPOINT_URL_MAX);
    }
    (void)snprintf(settings->region, sizeof settings->region, "%s", wanted->region);
    (void)snprintf(settings->url, sizeof settings->url, "%s", url);
    return true;
}

static bool ask_profile(struct wanted *wanted, struct endpoint_settings *settings,
                        struct error *err)
{
    struct profile profile;
    if (!profile_load(&profile, err)) {
        return false;
    }
    if (wanted->region == NULL) {
        wanted->region = profile_find(&profile, PROFILE_REGION)->text;
    }
    enum profile_key own =
        settings->service == ENDPOINT_S3 ? PROFILE_S3_ENDPOINT_URL : PROFILE_DYNAMODB_ENDPOINT_URL;
    if (wanted->url == NULL) {
        wanted->url = profile_find(&profile, own)->text;
    }
    if (wanted->url == NULL) {
        wanted->url = profile_find(&profile, PROFILE_ENDPOINT_URL)->text;
    }
    bool ok = copy_wanted(wanted, settings, err);
    profile_release(&profile);
    return ok;
}

static bool load_place(struct endpoint_settings *settings, struct error *err)
{
    bool ignored;
    if (!env_flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", false, &ignored, err)) {
        return false;
    }
    const char *name =
        settings->service == ENDPOINT_S3 ? "AWS_ENDPOINT_URL_S3" : "AWS_ENDPOINT_URL_DYNAMODB";
    struct wanted wanted = {.region = env_text("AWS_REGION", env_text("AWS_DEFAULT_REGION", NULL)),
                            .url =
                                ignored ? "" : env_text(name, env_text("AWS_ENDPOINT_URL", NULL))};
    bool local = env_text("AWS_LAMBDA_FUNCTION_NAME", NULL) == NULL;
    if (local && (wanted.region == NULL || wanted.url == NULL)) {
        return ask_profile(&wanted, settings, err);
    }
    return copy_wanted(&wanted, settings, err);
}

static bool load_addressing(struct endpoint_settings *settings, struct error *err)
{
    static const char *const words[] = {
        [ENDPOINT_AUTO] = "auto", [ENDPOINT_PATH] = "path", [ENDPOINT_VIRTUAL] = "virtual"};
    const char *text = env_text("LUNETTE_S3_ADDRESSING", "auto");
    for (int i = ENDPOINT_AUTO; i <= ENDPOINT_VIRTUAL; i++) {
        if (strcasecmp(text, words[i]) == 0) {
            settings->addressing = (enum endpoint_addressing)i;
            return true;
        }
    }
    return error_set(err, "usage",
                     "environment variable LUNETTE_S3_ADDRESSING is '%.100s'; it must be auto, "
                     "path or virtual",
                     text);
}

bool endpoint_load(enum endpoint_service service, struct endpoint_settings *settings,
                   struct error *err)
{
    struct endpoint_settings loaded = {.service = service};
    if (!load_place(&loaded, err) ||
        !env_flag("AWS_USE_DUALSTACK_ENDPOINT", false, &loaded.dualstack, err) ||
        !env_flag("AWS_USE_FIPS_ENDPOINT", false, &loaded.fips, err) ||
        !load_addressing(&loaded, err)) {
        return false;
    }
    *settings = loaded;
    return true;
}

/* ---- another server ------------------------------------------------------------------------- */

static bool bad_url(const char *url, const char *why, struct error *err)
{
    return error_set(err, "usage",
                     "the endpoint URL '%.200s' %s; it should look like http://127.0.0.1:9000", url,
                     why);
}

/* Writes the scheme; where the host begins, or NULL. */
static const char *split_scheme(const char *url, struct endpoint *endpoint)
{
    static const char *const schemes[] = {"http", "https"};
    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(schemes[i]);
        if (strncasecmp(url, schemes[i], length) == 0 && begins_with(url + length, "://")) {
            (void)snprintf(endpoint->scheme, sizeof endpoint->scheme, "%s", schemes[i]);
            return url + length + 3;
        }
    }
    return NULL;
}

static bool is_host(const char *host, size_t length)
{
    const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    if (length > 2 && host[0] == '[' && host[length - 1] == ']') { /* IPv6 */
        return strspn(host + 1, "0123456789abcdefABCDEF:.") == length - 2;
    }
    return length > 0 && strspn(host, allowed) >= length;
}

/* Digits after a colon, 1 to 65535; nothing is the scheme's own port. */
static bool read_port(const char *text, size_t length, const char *scheme, int *port)
{
    bool secure = strcmp(scheme, "https") == 0;
    int standard = secure ? 443 : 80;
    int value = length == 0 ? standard : 0;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i]) || value > PORT_MAX) {
            return false;
        }
        value = value * 10 + (text[i] - '0');
    }
    *port = value == standard ? 0 : value;
    return value >= 1 && value <= PORT_MAX;
}

/* Where the host ends and its colon stands; the colons of an IPv6 address are in brackets. */
static size_t host_length(const char *authority, size_t length)
{
    const char *bracket = authority[0] == '[' ? memchr(authority, ']', length) : NULL;
    size_t from = bracket == NULL ? 0 : (size_t)(bracket - authority);
    const char *colon = memchr(authority + from, ':', length - from);
    return colon == NULL ? length : (size_t)(colon - authority);
}

/* An override, taken apart; borrowed from its text. */
struct address {
    const char *host, *prefix;
    size_t host_length, prefix_length; /* without "/" at the end */
    int port;                          /* 0: the scheme's own */
};

static bool read_prefix(const char *url, const char *prefix, struct address *address,
                        struct error *err)
{
    size_t length = strlen(prefix);
    if (strpbrk(prefix, "?#") != NULL) {
        return bad_url(url, "has a query or a fragment", err);
    }
    for (size_t i = 0; i < length; i++) {
        if (prefix[i] <= ' ' || prefix[i] > '~') {
            return bad_url(url, "has a byte in its path that must be written as %XX", err);
        }
    }
    while (length > 0 && prefix[length - 1] == '/') {
        length--;
    }
    address->prefix = prefix;
    address->prefix_length = length;
    return true;
}

static bool read_address(const char *url, struct endpoint *endpoint, struct address *address,
                         struct error *err)
{
    if (strchr(url, '@') != NULL) { /* must not get into a log */
        return error_set(err, "usage",
                         "the endpoint URL holds an '@': a user name or password is not used");
    }
    const char *authority = split_scheme(url, endpoint);
    if (authority == NULL) {
        return bad_url(url, "does not begin with http:// or https://", err);
    }
    size_t length = strcspn(authority, "/?#");
    size_t host = host_length(authority, length);
    if (!is_host(authority, host) || host > HOST_NAME_LENGTH_MAX) {
        return bad_url(url, "has no valid host name", err);
    }
    size_t port = host < length ? host + 1 : length; /* behind the colon */
    if (!read_port(authority + port, length - port, endpoint->scheme, &address->port)) {
        return bad_url(url, "has a port that is not 1 to 65535", err);
    }
    address->host = authority;
    address->host_length = host;
    return read_prefix(url, authority + length, address, err);
}

/* `bucket` is put before the host when it isn't empty. curl's Host header is in lower case, too. */
static void write_host(struct endpoint *endpoint, const char *bucket, const struct address *address)
{
    size_t size = sizeof endpoint->host;
    int at = snprintf(endpoint->host, size, "%s%s%.*s", bucket, bucket[0] == '\0' ? "" : ".",
                      (int)address->host_length, address->host);
    if (address->port != 0 && (size_t)at < size) {
        (void)snprintf(endpoint->host + at, size - (size_t)at, ":%d", address->port);
    }
    for (char *byte = endpoint->host; *byte != '\0'; byte++) {
        *byte = (char)tolower((unsigned char)*byte);
    }
}

static bool is_ip_address(const struct address *address)
{
    return address->host[0] == '[' || strspn(address->host, "0123456789.") >= address->host_length;
}

static bool use_override(const struct endpoint_settings *settings, const char *bucket,
                         struct endpoint *endpoint, struct error *err)
{
    struct address address = {.host = ""};
    if (settings->dualstack || settings->fips) {
        return bad_url(settings->url,
                       "can't be combined with AWS_USE_DUALSTACK_ENDPOINT or AWS_USE_FIPS_ENDPOINT",
                       err);
    }
    if (!read_address(settings->url, endpoint, &address, err)) {
        return false;
    }
    bool in_name = bucket[0] != '\0' && settings->addressing == ENDPOINT_VIRTUAL;
    if (in_name && is_ip_address(&address)) {
        return bad_url(settings->url, "has an IP address, which no bucket can stand before", err);
    }
    write_host(endpoint, in_name ? bucket : "", &address);
    bool in_path = bucket[0] != '\0' && !in_name;
    (void)snprintf(endpoint->path, sizeof endpoint->path, "%.*s%s%s", (int)address.prefix_length,
                   address.prefix, in_path ? "/" : "", in_path ? bucket : "");
    return true;
}

/* ---- AWS ------------------------------------------------------------------------------------ */

static void dynamodb_host(const struct endpoint_settings *settings,
                          const struct partition *partition, struct endpoint *endpoint)
{
    /* In GovCloud the plain name is FIPS's, and has no other. */
    bool plain =
        !settings->fips || (!settings->dualstack && begins_with(settings->region, "us-gov-"));
    (void)snprintf(endpoint->host, sizeof endpoint->host, "dynamodb%s.%s.%s", plain ? "" : "-fips",
                   settings->region,
                   settings->dualstack ? partition->dualstack_domain : partition->domain);
}

static void s3_host(const struct endpoint_settings *settings, const struct partition *partition,
                    const char *bucket, struct endpoint *endpoint)
{
    /* The certificate is for *.s3.REGION..., and * stands for one label. */
    bool one_label = strchr(bucket, '.') == NULL;
    bool in_name = bucket[0] != '\0' && (settings->addressing == ENDPOINT_VIRTUAL ||
                                         (settings->addressing == ENDPOINT_AUTO && one_label));
    (void)snprintf(endpoint->host, sizeof endpoint->host, "%s%ss3%s%s.%s.%s", in_name ? bucket : "",
                   in_name ? "." : "", settings->fips ? "-fips" : "",
                   settings->dualstack ? ".dualstack" : "", settings->region, partition->domain);
    (void)snprintf(endpoint->path, sizeof endpoint->path, "%s%s", in_name ? "" : "/",
                   in_name ? "" : bucket);
    if (bucket[0] == '\0') {
        endpoint->path[0] = '\0';
    }
}

static bool use_aws(const struct endpoint_settings *settings, const char *bucket,
                    struct endpoint *endpoint, struct error *err)
{
    const struct partition *partition = partition_of(settings->region);
    (void)snprintf(endpoint->scheme, sizeof endpoint->scheme, "https");
    if (settings->fips && begins_with(settings->region, "cn-")) {
        return error_set(err, "usage",
                         "AWS_USE_FIPS_ENDPOINT is set, but the region %s has no FIPS endpoints",
                         settings->region);
    }
    if (settings->service == ENDPOINT_S3) {
        s3_host(settings, partition, bucket, endpoint);
    } else {
        dynamodb_host(settings, partition, endpoint);
    }
    return true;
}

/* ---- both ----------------------------------------------------------------------------------- */

static bool copy_bucket(const char *bucket, size_t length, char name[BUCKET_MAX + 1],
                        struct error *err)
{
    static const char express[] = "--x-s3";
    const size_t suffix = sizeof express - 1;
    if (!s3_check_bucket(bucket, length, err)) {
        return false;
    }
    if (length > suffix && memcmp(bucket + length - suffix, express, suffix) == 0) {
        return s3_fail(err, "NotImplemented", 501,
                       "'%.*s' is a directory bucket (S3 Express One Zone), which is not supported",
                       (int)length, bucket);
    }
    memcpy(name, bucket, length);
    name[length] = '\0';
    return true;
}

bool endpoint_resolve(const struct endpoint_settings *settings, const char *bucket,
                      size_t bucket_length, struct endpoint *endpoint, struct error *err)
{
    char name[BUCKET_MAX + 1] = "";
    struct endpoint resolved = {.scheme = ""};
    if (!check_region(settings->region, err) ||
        (bucket != NULL && !copy_bucket(bucket, bucket_length, name, err))) {
        return false;
    }
    bool ok = settings->url[0] == '\0' ? use_aws(settings, name, &resolved, err)
                                       : use_override(settings, name, &resolved, err);
    if (ok) {
        *endpoint = resolved;
    }
    return ok;
}

/* The name alone, without brackets and port; false when it is none or too long for an address. */
static bool copy_name(const char *host, char *name, size_t size)
{
    bool brackets = host[0] == '[';
    const char *start = host + brackets;
    size_t length = strcspn(start, brackets ? "]" : ":");
    const char *rest = start + length;
    if (brackets && *rest++ != ']') {
        return false;
    }
    if ((*rest != '\0' && *rest != ':') || length >= size) {
        return false;
    }
    memcpy(name, start, length);
    name[length] = '\0';
    return true;
}

bool endpoint_is_loopback(const char *host)
{
    char name[INET6_ADDRSTRLEN];
    struct in_addr four;
    struct in6_addr six;
    if (!copy_name(host, name, sizeof name)) {
        return false;
    }
    if (host[0] == '[') {
        return inet_pton(AF_INET6, name, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
    }
    return strcasecmp(name, "localhost") == 0 ||
           (inet_pton(AF_INET, name, &four) == 1 && ntohl(four.s_addr) >> 24 == 127);
}

void endpoint_append_path(const struct endpoint *endpoint, const char *key, size_t key_length,
                          struct buffer *out)
{
    buffer_append_text(out, endpoint->path);
    buffer_append_byte(out, '/');
    uri_append_path(out, key, key_length);
}
