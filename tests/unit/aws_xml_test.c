/*
 * aws_xml_test.c - the XML scanner: every document as a line of its events, or its error.
 */
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/aws/xml.h"

/* "<a" for a begin, "a1:text>" for an end at depth 1. */
static bool on_begin(void *context, const char *name, int depth, struct error *err)
{
    (void)depth;
    (void)err;
    struct buffer *events = context;
    return buffer_printf(events, "<%s ", name);
}

static bool on_end(void *context, const char *name, int depth, const char *text, size_t length,
                   struct error *err)
{
    struct buffer *events = context;
    if (strcmp(name, "stop") == 0) {
        return error_set(err, "stopped", "as asked");
    }
    (void)buffer_printf(events, "%s%d:", name, depth);
    (void)buffer_append(events, text, length);
    return buffer_append_text(events, "> ");
}

static void read_events(const char *text, size_t length, char *out, size_t size)
{
    struct buffer events;
    struct error err;
    buffer_init(&events, 65536);
    struct xml_reader reader = {.begin = on_begin, .end = on_end, .context = &events};
    if (xml_read(text, length, &reader, &err)) {
        (void)snprintf(out, size, "%s", buffer_text(&events));
    } else {
        (void)snprintf(out, size, "%s", err.code);
    }
    buffer_release(&events);
}

TEST(xml_reads_what_s3_sends)
{
    static const struct {
        const char *text, *events;
    } cases[] = {
        {"<a/>", "<a a1:> "},
        {"<a></a>", "<a a1:> "},
        {"<a>x</a>", "<a a1:x> "},
        {"  \r\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>x</a>\n ", "<a a1:x> "},
        {"<a><b>1</b><c>2</c></a>", "<a <b b2:1> <c c2:2> a1:> "},
        {"<a>x<b>1</b>y</a>", "<a <b b2:1> a1:y> "},
        {"<a xmlns=\"http://s3/doc/\" b='>'>x</a>", "<a a1:x> "},
        {"<s3:a xmlns:s3=\"u\">x</s3:a >", "<a a1:x> "},
        {"<a>&lt;&gt;&amp;&quot;&apos;</a>", "<a a1:<>&\"'> "},
        {"<a>&#65;&#x42;&#xe9;&#x20AC;&#x1F600;&#1;</a>",
         "<a a1:AB\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x01> "},
        {"<a>&amp;lt;</a>", "<a a1:&lt;> "},
        {"<a><!-- <b> -->x</a>", "<a a1:x> "},
        {"<a><![CDATA[<b>&amp;]]></a>", "<a a1:<b>&amp;> "},
        {"<a/><!-- end -->", "<a a1:> "},
        {"<a b=\"/\">x</a>", "<a a1:x> "},
        {"<a><stop/></a>", "stopped"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char events[256];
        check_case("%s", cases[i].text);
        read_events(cases[i].text, strlen(cases[i].text), events, sizeof events);
        CHECK_TEXT(events, cases[i].events);
    }
}

TEST(xml_refuses_what_is_none)
{
    static const char *const cases[] = {
        "",
        " ",
        "x",
        "<",
        "<a",
        "<a>",
        "</a>",
        "<a></b>",
        "<a><b></a></b>",
        "<a/><b/>",
        "<a/>x",
        "x<a/>",
        "<a>&unknown;</a>",
        "<a>&amp</a>",
        "<a>&#0;</a>",
        "<a>&#xD800;</a>",
        "<a>&#x110000;</a>",
        "<a>&#99999999999999999999;</a>",
        "<a>&#;</a>",
        "<a>&#x;</a>",
        "<a>&;</a>",
        "&amp;<a/>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
        "<a b=\"x></a>",
        "<a <b></a>",
        "<!-- <a/>",
        "<![CDATA[x]]>",
        "<a><![CDATA[x</a>",
        "< a/>",
        "<1234567890123456789012345678901234567890123456789012345678901234567890/>",
        "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char events[256];
        check_case("%s", cases[i]);
        read_events(cases[i], strlen(cases[i]), events, sizeof events);
        CHECK_TEXT(events, "bad_response");
    }
}

/* No byte beyond the end is looked at: the copy ends where its memory does. */
TEST(xml_stays_within_a_cut_document)
{
    static const char text[] =
        "<?xml version='1'?><!-- c --><a b='c'>&#x41;&lt;<![CDATA[d]]><b/>x</a>";
    for (size_t length = 0; length + 1 < sizeof text; length++) {
        char events[256];
        char *cut = malloc(length + 1);
        memcpy(cut, text, length);
        char *exact = realloc(cut, length == 0 ? 1 : length);
        check_case("%zu bytes", length);
        read_events(exact, length, events, sizeof events);
        CHECK_TEXT(events, "bad_response");
        free(exact);
    }
}

TEST(xml_escapes_so_that_it_reads_the_same)
{
    static const char hard[] = "a<b>&\"'c\r\n\t\x01\x7F d/\xC3\xA9";
    struct buffer document;
    char events[256], wanted[256];
    buffer_init(&document, 1024);
    (void)buffer_append_text(&document, "<a>");
    xml_escape(&document, hard, strlen(hard));
    (void)buffer_append_text(&document, "</a>");
    read_events(document.data, document.length, events, sizeof events);
    (void)snprintf(wanted, sizeof wanted, "<a a1:%s> ", hard);
    CHECK_TEXT(events, wanted);
    CHECK(strstr(document.data, "&#xD;&#xA;") != NULL);
    buffer_release(&document);
}
