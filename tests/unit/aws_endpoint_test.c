/*
 * aws_endpoint_test.c - host names of AWS as botocore 1.43 resolves them, overrides, and what the
 * environment says.
 */
#include "bindings/aws/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { PLAIN = 0, DUALSTACK = 1, FIPS = 2, VIRTUAL = 4, PATH = 8 };

/* bucket NULL: DynamoDB; "": S3 without one. The endpoint as "scheme://host path". */
struct row {
    const char *region, *bucket;
    int switches;
    const char *wanted;
};

static struct endpoint_settings settings_of(const char *region, const char *bucket, int switches)
{
    struct endpoint_settings settings = {.service =
                                             bucket == NULL ? ENDPOINT_DYNAMODB : ENDPOINT_S3,
                                         .dualstack = (switches & DUALSTACK) != 0,
                                         .fips = (switches & FIPS) != 0,
                                         .addressing = (switches & VIRTUAL) != 0 ? ENDPOINT_VIRTUAL
                                                       : (switches & PATH) != 0  ? ENDPOINT_PATH
                                                                                 : ENDPOINT_AUTO};
    (void)snprintf(settings.region, sizeof settings.region, "%s", region);
    return settings;
}

static bool resolve(const struct endpoint_settings *settings, const char *bucket,
                    struct endpoint *endpoint, struct error *err)
{
    if (bucket != NULL && bucket[0] == '\0') {
        bucket = NULL;
    }
    return endpoint_resolve(settings, bucket, bucket == NULL ? 0 : strlen(bucket), endpoint, err);
}

static void check_endpoint(const struct endpoint_settings *settings, const char *bucket,
                           const char *wanted)
{
    struct endpoint endpoint;
    struct error err;
    char got[2048];
    if (resolve(settings, bucket, &endpoint, &err)) {
        (void)snprintf(got, sizeof got, "%s://%s%s", endpoint.scheme, endpoint.host, endpoint.path);
    } else {
        (void)snprintf(got, sizeof got, "%s: %s", err.code, err.message);
    }
    CHECK_TEXT(got, wanted);
}

static const struct row rows[] = {
    {"us-east-1", "photos", PLAIN, "https://photos.s3.us-east-1.amazonaws.com"},
    {"us-east-1", "a.b", PLAIN, "https://s3.us-east-1.amazonaws.com/a.b"},
    {"us-east-1", "a.b", VIRTUAL, "https://a.b.s3.us-east-1.amazonaws.com"},
    {"us-east-1", "photos", PATH, "https://s3.us-east-1.amazonaws.com/photos"},
    {"eu-west-1", "", PLAIN, "https://s3.eu-west-1.amazonaws.com"},
    {"eu-west-1", "photos", FIPS, "https://photos.s3-fips.eu-west-1.amazonaws.com"},
    {"eu-west-1", "a.b", FIPS, "https://s3-fips.eu-west-1.amazonaws.com/a.b"},
    {"eu-west-1", "photos", DUALSTACK, "https://photos.s3.dualstack.eu-west-1.amazonaws.com"},
    {"eu-west-1", "a.b", DUALSTACK, "https://s3.dualstack.eu-west-1.amazonaws.com/a.b"},
    {"eu-west-1", "photos", DUALSTACK | FIPS,
     "https://photos.s3-fips.dualstack.eu-west-1.amazonaws.com"},
    {"cn-north-1", "photos", PLAIN, "https://photos.s3.cn-north-1.amazonaws.com.cn"},
    {"cn-north-1", "photos", DUALSTACK, "https://photos.s3.dualstack.cn-north-1.amazonaws.com.cn"},
    {"us-gov-west-1", "photos", FIPS, "https://photos.s3-fips.us-gov-west-1.amazonaws.com"},
    {"us-iso-east-1", "photos", PLAIN, "https://photos.s3.us-iso-east-1.c2s.ic.gov"},
    {"us-isob-east-1", "photos", PLAIN, "https://photos.s3.us-isob-east-1.sc2s.sgov.gov"},
    {"eu-isoe-west-1", "photos", PLAIN, "https://photos.s3.eu-isoe-west-1.cloud.adc-e.uk"},
    {"us-isof-south-1", "photos", PLAIN, "https://photos.s3.us-isof-south-1.csp.hci.ic.gov"},
    {"eusc-de-east-1", "photos", PLAIN, "https://photos.s3.eusc-de-east-1.amazonaws.eu"},
    {"xx-new-1", "photos", PLAIN, "https://photos.s3.xx-new-1.amazonaws.com"},
    {"us-east-1", NULL, PLAIN, "https://dynamodb.us-east-1.amazonaws.com"},
    {"us-east-1", NULL, FIPS, "https://dynamodb-fips.us-east-1.amazonaws.com"},
    {"us-east-1", NULL, DUALSTACK, "https://dynamodb.us-east-1.api.aws"},
    {"us-east-1", NULL, DUALSTACK | FIPS, "https://dynamodb-fips.us-east-1.api.aws"},
    {"cn-north-1", NULL, PLAIN, "https://dynamodb.cn-north-1.amazonaws.com.cn"},
    {"cn-north-1", NULL, DUALSTACK, "https://dynamodb.cn-north-1.api.amazonwebservices.com.cn"},
    {"us-gov-west-1", NULL, FIPS, "https://dynamodb.us-gov-west-1.amazonaws.com"},
    {"us-gov-west-1", NULL, DUALSTACK | FIPS, "https://dynamodb-fips.us-gov-west-1.api.aws"},
    {"us-iso-east-1", NULL, DUALSTACK, "https://dynamodb.us-iso-east-1.api.aws.ic.gov"},
    {"us-isob-east-1", NULL, DUALSTACK, "https://dynamodb.us-isob-east-1.api.aws.scloud"},
    {"eu-isoe-west-1", NULL, DUALSTACK, "https://dynamodb.eu-isoe-west-1.api.cloud-aws.adc-e.uk"},
    {"us-isof-south-1", NULL, DUALSTACK, "https://dynamodb.us-isof-south-1.api.aws.hci.ic.gov"},
    {"eusc-de-east-1", NULL, DUALSTACK, "https://dynamodb.eusc-de-east-1.api.amazonwebservices.eu"},
};

TEST(aws_endpoint_of_aws)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_case("%s %s %d", rows[i].region, rows[i].bucket == NULL ? "dynamodb" : rows[i].bucket,
                   rows[i].switches);
        struct endpoint_settings settings =
            settings_of(rows[i].region, rows[i].bucket, rows[i].switches);
        check_endpoint(&settings, rows[i].bucket, rows[i].wanted);
    }
}

#define LONGEST_BUCKET "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-012345678"

static const struct {
    const char *url, *bucket;
    int switches;
    const char *wanted;
} overrides[] = {
    {"http://127.0.0.1:9000", "photos", PLAIN, "http://127.0.0.1:9000/photos"},
    {"http://127.0.0.1:9000/", "photos", PLAIN, "http://127.0.0.1:9000/photos"},
    {"HTTP://LocalHost:80/s3//", "photos", PLAIN, "http://localhost/s3/photos"},
    {"https://s3.example.com:443/a%20b", "", PLAIN, "https://s3.example.com/a%20b"},
    {"https://s3.example.com:80", "a.b", PLAIN, "https://s3.example.com:80/a.b"},
    {"https://s3.example.com:", "photos", VIRTUAL, "https://photos.s3.example.com"},
    {"http://s3.example.com:9000/p", "photos", VIRTUAL, "http://photos.s3.example.com:9000/p"},
    {"http://s3.example.com", LONGEST_BUCKET, VIRTUAL, "http://" LONGEST_BUCKET ".s3.example.com"},
    {"http://[::1]:8000", NULL, PLAIN, "http://[::1]:8000"},
    {"http://[::1]", NULL, PLAIN, "http://[::1]"},
    {"http://localhost:8000", NULL, PLAIN, "http://localhost:8000"},
};

TEST(aws_endpoint_of_another_server)
{
    for (size_t i = 0; i < COUNT(overrides); i++) {
        check_case("%s", overrides[i].url);
        struct endpoint_settings settings =
            settings_of("eu-west-1", overrides[i].bucket, overrides[i].switches);
        (void)snprintf(settings.url, sizeof settings.url, "%s", overrides[i].url);
        check_endpoint(&settings, overrides[i].bucket, overrides[i].wanted);
    }
}

static const struct {
    const char *region, *url, *bucket;
    int switches;
    const char *code, *named;
} refused[] = {
    {"", "", "photos", PLAIN, "usage", "region"},
    {"eu-west-1.evil.example/", "", "photos", PLAIN, "usage", "region"},
    {"EU-WEST-1", "", "photos", PLAIN, "usage", "region"},
    {"-eu", "", "photos", PLAIN, "usage", "region"},
    {"cn-north-1", "", "photos", FIPS, "usage", "AWS_USE_FIPS_ENDPOINT"},
    {"eu-west-1", "", "Photos", PLAIN, "InvalidBucketName", "Photos"},
    {"eu-west-1", "", "a/../b", PLAIN, "InvalidBucketName", "a/../b"},
    {"eu-west-1", "", "host#", PLAIN, "InvalidBucketName", "host#"},
    {"eu-west-1", "", "photos--use1-az4--x-s3", PLAIN, "NotImplemented", "directory bucket"},
    {"eu-west-1", "localhost:9000", "photos", PLAIN, "usage", "http://"},
    {"eu-west-1", "ftp://localhost", "photos", PLAIN, "usage", "http://"},
    {"eu-west-1", "http://", "photos", PLAIN, "usage", "host name"},
    {"eu-west-1", "http://:9000", "photos", PLAIN, "usage", "host name"},
    {"eu-west-1", "http://user:secret@host", "photos", PLAIN, "usage", "password"},
    {"eu-west-1", "http://[::1", "photos", PLAIN, "usage", "host name"},
    {"eu-west-1", "http://a b", "photos", PLAIN, "usage", "host name"},
    {"eu-west-1", "http://host:0", "photos", PLAIN, "usage", "port"},
    {"eu-west-1", "http://host:65536", "photos", PLAIN, "usage", "port"},
    {"eu-west-1", "http://host:4294967376", "photos", PLAIN, "usage", "port"},
    {"eu-west-1", "http://host:+80", "photos", PLAIN, "usage", "port"},
    {"eu-west-1", "http://host/p?x=1", "photos", PLAIN, "usage", "query"},
    {"eu-west-1", "http://host/p#x", "photos", PLAIN, "usage", "fragment"},
    {"eu-west-1", "http://host/a b", "photos", PLAIN, "usage", "%XX"},
    {"eu-west-1", "http://host", "photos", FIPS, "usage", "AWS_USE_FIPS_ENDPOINT"},
    {"eu-west-1", "http://host", "photos", DUALSTACK, "usage", "AWS_USE_DUALSTACK_ENDPOINT"},
    {"eu-west-1", "http://10.0.0.1", "photos", VIRTUAL, "usage", "IP address"},
    {"eu-west-1", "http://[::1]", "photos", VIRTUAL, "usage", "IP address"},
};

TEST(aws_endpoint_refuses_what_is_no_address)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        check_case("region '%s', url '%s', bucket '%s'", refused[i].region, refused[i].url,
                   refused[i].bucket);
        struct endpoint_settings settings =
            settings_of(refused[i].region, refused[i].bucket, refused[i].switches);
        (void)snprintf(settings.url, sizeof settings.url, "%s", refused[i].url);
        struct endpoint endpoint = {.host = "untouched"};
        struct error err = {.code = ""};
        CHECK(!resolve(&settings, refused[i].bucket, &endpoint, &err));
        CHECK_TEXT(err.code, refused[i].code);
        CHECK(strstr(err.message, refused[i].named) != NULL);
        CHECK(strstr(err.message, "secret") == NULL);
        CHECK_TEXT(endpoint.host, "untouched");
    }
}

/* What is not on this machine may be behind a proxy. */
TEST(aws_endpoint_knows_this_machine)
{
    static const char *const here[] = {"localhost", "localhost:9000", "LocalHost",
                                       "127.0.0.1", "127.0.0.1:8000", "127.255.0.9:1",
                                       "[::1]",     "[::1]:4566",     "[0:0:0:0:0:0:0:1]"};
    static const char *const elsewhere[] = {"",
                                            "localhost.evil.example",
                                            "localhosts:80",
                                            "127.evil.example",
                                            "127.0.0.1.evil.example",
                                            "127.1",
                                            "128.0.0.1",
                                            "[::1",
                                            "[::1].evil.example",
                                            "[::2]:80",
                                            "::1",
                                            "[localhost]",
                                            "[127.0.0.1]",
                                            "s3.eu-west-1.amazonaws.com"};
    for (size_t i = 0; i < COUNT(here); i++) {
        check_case("%s", here[i]);
        CHECK(endpoint_is_loopback(here[i]));
    }
    for (size_t i = 0; i < COUNT(elsewhere); i++) {
        check_case("%s", elsewhere[i]);
        CHECK(!endpoint_is_loopback(elsewhere[i]));
    }
}

TEST(aws_endpoint_path_holds_the_key_as_it_is)
{
    static const struct {
        const char *key, *wanted;
    } cases[] = {
        {"", "/photos/"},
        {"a/b.jpg", "/photos/a/b.jpg"},
        {"/lead", "/photos//lead"},
        {"../up/./x//y/", "/photos/../up/./x//y/"},
        {"a+b c%20\xC3\xBC*'()!~", "/photos/a%2Bb%20c%2520%C3%BC%2A%27%28%29%21~"},
        {"?x=1#y", "/photos/%3Fx%3D1%23y"},
        {"\x01\x7F", "/photos/%01%7F"},
    };
    struct endpoint endpoint = {.path = "/photos"};
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("'%s'", cases[i].key);
        struct buffer path;
        buffer_init(&path, 4096);
        endpoint_append_path(&endpoint, cases[i].key, strlen(cases[i].key), &path);
        CHECK_TEXT(buffer_text(&path), cases[i].wanted);
        buffer_release(&path);
    }
}

/* ---- the environment ------------------------------------------------------------------------- */

static const char *const variables[] = {
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "LUNETTE_S3_ADDRESSING",
};

/* "NAME=value NAME=value": the others are not set. */
static void set_environment(const char *assignments)
{
    (void)setenv("AWS_CONFIG_FILE", "/nowhere/config", 1);
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials", 1);
    for (size_t i = 0; i < COUNT(variables); i++) {
        (void)unsetenv(variables[i]);
    }
    char *copy = strdup(assignments);
    char *at = copy;
    for (char *name; (name = strsep(&at, " ")) != NULL;) {
        const char *value = name;
        char *equals = strchr(name, '=');
        if (equals != NULL) {
            *equals = '\0';
            value = equals + 1;
            (void)setenv(name, value, 1);
        }
    }
    free(copy);
}

static const struct {
    const char *environment;
    enum endpoint_service service;
    const char *wanted;
} loads[] = {
    {"AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=us-east-2", ENDPOINT_DYNAMODB,
     "https://dynamodb.eu-west-1.amazonaws.com"},
    {"AWS_REGION= AWS_DEFAULT_REGION=us-east-2", ENDPOINT_DYNAMODB,
     "https://dynamodb.us-east-2.amazonaws.com"},
    {"AWS_REGION=eu-west-1 AWS_ENDPOINT_URL=http://a:1 AWS_ENDPOINT_URL_S3=http://b:2", ENDPOINT_S3,
     "http://b:2"},
    {"AWS_REGION=eu-west-1 AWS_ENDPOINT_URL=http://a:1 AWS_ENDPOINT_URL_S3=http://b:2",
     ENDPOINT_DYNAMODB, "http://a:1"},
    {"AWS_REGION=eu-west-1 AWS_ENDPOINT_URL_DYNAMODB=http://c:3", ENDPOINT_DYNAMODB, "http://c:3"},
    {"AWS_REGION=eu-west-1 AWS_ENDPOINT_URL=http://a:1 AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true",
     ENDPOINT_S3, "https://s3.eu-west-1.amazonaws.com"},
    {"AWS_REGION=eu-west-1 AWS_USE_DUALSTACK_ENDPOINT=true", ENDPOINT_S3,
     "https://s3.dualstack.eu-west-1.amazonaws.com"},
    {"AWS_REGION=eu-west-1 AWS_USE_FIPS_ENDPOINT=1", ENDPOINT_S3,
     "https://s3-fips.eu-west-1.amazonaws.com"},
    {"AWS_REGION=eu-west-1 LUNETTE_S3_ADDRESSING=Path", ENDPOINT_S3,
     "https://s3.eu-west-1.amazonaws.com"},
};

TEST(aws_endpoint_reads_the_environment)
{
    for (size_t i = 0; i < COUNT(loads); i++) {
        check_case("%s", loads[i].environment);
        set_environment(loads[i].environment);
        struct endpoint_settings settings;
        struct error err;
        if (CHECK(endpoint_load(loads[i].service, &settings, &err))) {
            check_endpoint(&settings, "", loads[i].wanted);
        }
    }
    set_environment("AWS_REGION=eu-west-1 LUNETTE_S3_ADDRESSING=virtual");
    struct endpoint_settings settings;
    struct error err;
    CHECK(endpoint_load(ENDPOINT_S3, &settings, &err) && settings.addressing == ENDPOINT_VIRTUAL);
    set_environment("");
}

TEST(aws_endpoint_names_the_variable_that_is_wrong)
{
    static const struct {
        const char *environment, *named;
    } cases[] = {
        {"", "set AWS_REGION"},
        {"AWS_REGION=Ireland", "'Ireland' is no AWS region"},
        {"AWS_REGION=eu-west-1 AWS_USE_FIPS_ENDPOINT=maybe", "AWS_USE_FIPS_ENDPOINT"},
        {"AWS_REGION=eu-west-1 AWS_USE_DUALSTACK_ENDPOINT=2", "AWS_USE_DUALSTACK_ENDPOINT"},
        {"AWS_REGION=eu-west-1 LUNETTE_S3_ADDRESSING=dns", "LUNETTE_S3_ADDRESSING"},
        {"AWS_REGION=eu-west-1 AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=x",
         "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("%s", cases[i].environment);
        set_environment(cases[i].environment);
        struct endpoint_settings settings;
        struct error err = {.code = ""};
        CHECK(!endpoint_load(ENDPOINT_S3, &settings, &err));
        CHECK_TEXT(err.code, "usage");
        CHECK(strstr(err.message, cases[i].named) != NULL);
    }
    set_environment("");
}

/* ---- the profile ----------------------------------------------------------------------------- */

static void write_config(const char *text)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/config", check_folder());
    FILE *stream = fopen(path, "w");
    if (CHECK(stream != NULL)) {
        (void)fputs(text, stream);
        (void)fclose(stream);
        (void)setenv("AWS_CONFIG_FILE", path, 1);
    }
}

TEST(aws_endpoint_reads_the_profile)
{
    static const struct {
        const char *environment, *function, *wanted;
    } cases[] = {
        {"", NULL, "http://c:3/photos"},
        {"AWS_REGION=eu-west-1", NULL, "http://c:3/photos"},
        {"AWS_ENDPOINT_URL=http://a:1", NULL, "http://a:1/photos"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=1", NULL,
         "https://photos.s3.ap-south-2.amazonaws.com"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=1 AWS_REGION=eu-west-1", NULL,
         "https://photos.s3.eu-west-1.amazonaws.com"},
        {"AWS_REGION=eu-west-1", "thumbnails", "https://photos.s3.eu-west-1.amazonaws.com"},
        {"", "thumbnails", "no AWS region"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("%s, function %s", cases[i].environment,
                   cases[i].function == NULL ? "none" : cases[i].function);
        set_environment(cases[i].environment);
        write_config("[default]\nregion = ap-south-2 # home\nendpoint_url = http://c:3\n");
        if (cases[i].function != NULL) {
            (void)setenv("AWS_LAMBDA_FUNCTION_NAME", cases[i].function, 1);
        }
        struct endpoint_settings settings;
        struct error err;
        if (endpoint_load(ENDPOINT_S3, &settings, &err)) {
            check_endpoint(&settings, "photos", cases[i].wanted);
        } else {
            CHECK(strncmp(err.message, cases[i].wanted, strlen(cases[i].wanted)) == 0);
        }
        (void)unsetenv("AWS_LAMBDA_FUNCTION_NAME");
    }
    set_environment("");
}

TEST(aws_endpoint_reads_the_services_of_a_profile)
{
#define MINE "[default]\nservices = mine\nendpoint_url = http://c:3\n"
    static const struct {
        const char *environment, *config;
        enum endpoint_service service;
        const char *wanted;
    } cases[] = {
        {"", MINE "[services mine]\ns3 =\n  endpoint_url = http://s:1\n", ENDPOINT_S3,
         "http://s:1"},
        {"", MINE "[services mine]\ns3 =\n  endpoint_url = http://s:1\n", ENDPOINT_DYNAMODB,
         "http://c:3"},
        {"", "[services \"mine\"]\ns3 =\n a = b\nDynamoDB =\n endpoint_url=http://d:2 # x\n" MINE,
         ENDPOINT_DYNAMODB, "http://d:2"},
        {"",
         MINE "[services other]\ns3 =\n endpoint_url = http://s:1\n[services mine]\nec2 =\n"
              " endpoint_url = http://e:1\n",
         ENDPOINT_S3, "http://c:3"},
        {"", MINE "[services mine]\nendpoint_url = http://s:1\n", ENDPOINT_S3, "http://c:3"},
        {"", MINE "s3 =\n  endpoint_url = http://s:1\n[services mine]\ns3=\n", ENDPOINT_S3,
         "http://c:3"},
        {"AWS_ENDPOINT_URL=http://a:1", MINE "[services mine]\ns3 =\n endpoint_url = http://s:1\n",
         ENDPOINT_S3, "http://a:1"},
        {"", MINE "[services other]\ns3 =\n endpoint_url = http://s:1\n", ENDPOINT_S3,
         "config:2: services is 'mine', but there is no section [services mine]"},
    };
#undef MINE
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("case %zu: %s", i, cases[i].wanted);
        set_environment(cases[i].environment);
        (void)setenv("AWS_REGION", "eu-west-1", 1);
        write_config(cases[i].config);
        struct endpoint_settings settings;
        struct error err;
        if (endpoint_load(cases[i].service, &settings, &err)) {
            check_endpoint(&settings, "", cases[i].wanted);
        } else if (strstr(err.message, cases[i].wanted) == NULL) {
            CHECK_TEXT(err.message, cases[i].wanted);
        }
    }
    set_environment("");
}
