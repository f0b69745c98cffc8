/* Sweeps: values, combinations, and what is refused. */
#include "message.h"
#include "sweep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The first letter of a name says what it is. */
static struct sweep_rules rules_by_letter(void *argument, const char *name, size_t length)
{
    struct sweep_rules rules = {.cpus = 3, .most = 64};
    (void)argument;
    assert_true(length > 0);
    switch (name[0]) {
    case 'c':
        rules.kind = SWEEP_COUNT;
        break;
    case 'b':
        rules.kind = SWEEP_BYTES;
        break;
    case 't':
        rules.kind = SWEEP_THREADS;
        break;
    case 'w':
        rules.kind = SWEEP_WORDS;
        break;
    case 'o':
        rules.kind = SWEEP_OPTION;
        break;
    case 'V':
        rules.kind = SWEEP_VARIABLE;
        break;
    default:
        rules.kind = SWEEP_NOTHING;
    }
    return rules;
}

/* All combinations in one line. */
static void expand(char *line, size_t room, const char *params)
{
    struct sweep sweep;
    char message[MESSAGE_BYTES] = "";
    line[0] = '\0';
    assert_int_equal(sweep_expand(&sweep, "x", params, rules_by_letter, NULL, message), 0);
    for (size_t i = 0; i < sweep.count; i++)
        snprintf(line + strlen(line), room - strlen(line), "%s%s", i > 0 ? " " : "",
                 sweep.points[i].params);
    sweep_release(&sweep);
}

static void ranges_and_lists_become_values(void **state)
{
    (void)state;
    static const struct {
        const char *params, *expected;
    } cases[] = {
        {"",                          ""                                                                             },
        {"classic",                   "classic"                                                                      },
        {"c=7",                       "c=7"                                                                          },
        {"c=1..8",                    "c=1 c=2 c=4 c=8"                                                              },
        {"c=1..10",                   "c=1 c=2 c=4 c=8 c=10"                                                         },
        {"c=5..5",                    "c=5"                                                                          },
        {"c=1..1k*10",                "c=1 c=10 c=100 c=1k"                                                          },
        {"c=0..100*10",               "c=0 c=1 c=10 c=100"                                                           },
        {"c=2..9+3",                  "c=2 c=5 c=8 c=9"                                                              },
        {"b=512..2k",                 "b=512 b=1k b=2k"                                                              },
        {"b=1M..3M+1M",               "b=1M b=2M b=3M"                                                               },
        {"b=16/64/4k",                "b=16 b=64 b=4k"                                                               },
        {"w=rows/contiguous",         "w=rows w=contiguous"                                                          },
        {"w=a..b",                    "w=a..b"                                                                       },
        {"t=C",                       "t=3"                                                                          },
        {"t=1..2C",                   "t=1 t=2 t=4 t=6"                                                              },
        {"t=1/3/C/100C",              "t=1 t=3 t=64"                                                                 },
        {"t=1..40C",                  "t=1 t=2 t=4 t=8 t=16 t=32 t=64"                                               },
        {"o=0..10000*10",             "o=0 o=1 o=10 o=100 o=1000 o=10000"                                            },
        {"o=-1/0/1000",               "o=-1 o=0 o=1000"                                                              },
        {"o=-1..1+1",                 "o=-1 o=0 o=1"                                                                 },
        {"V=1/2",                     "V=1 V=2"                                                                      },
        {"V=1..4",                    "V=1 V=2 V=4"                                                                  },
        {"V=/tmp/x",                  "V=/tmp/x"                                                                     },
        {"V=../x",                    "V=../x"                                                                       },
        {"V=a:1,b:2",                 "V=a:1,b:2"                                                                    },
        {"n=1..4",                    "n=1..4"                                                                       },
        {"classic,t=1..2,b=8/16,c=3", "classic,t=1,b=8,c=3 classic,t=1,b=16,c=3 "
                                      "classic,t=2,b=8,c=3 classic,t=2,b=16,c=3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[1024];
        expand(line, sizeof line, cases[i].params);
        assert_string_equal(line, cases[i].expected);
    }
}

static void labels_name_what_is_swept(void **state)
{
    (void)state;
    struct sweep sweep;
    char message[MESSAGE_BYTES];
    assert_int_equal(sweep_expand(&sweep, "x", "classic,c=3,t=1..2,w=a/b", rules_by_letter, NULL,
                                  message),
                     0);
    assert_int_equal(sweep.count, 4);
    assert_string_equal(sweep.points[0].swept, "t=1,w=a");
    assert_string_equal(sweep.points[3].swept, "t=2,w=b");
    sweep_release(&sweep);
    assert_int_equal(sweep_expand(&sweep, "x", "c=3", rules_by_letter, NULL, message), 0);
    assert_string_equal(sweep.points[0].swept, "");
    sweep_release(&sweep);
}

static void nonsense_is_refused_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *params, *expected;
    } cases[] = {
        {"c=9..1",                    "begins with the smaller"},
        {"c=1..",                     "a range is a..b"        },
        {"c=1..x",                    "a range is a..b"        },
        {"c=1..4C",                   "a range is a..b"        },
        {"c=1..8*1",                  "factor must be 2"       },
        {"c=1..8*",                   "'*' or '+'"             },
        {"c=1..8*-2",                 "factor must be 2"       },
        {"c=1..8+0",                  "step must be 1"         },
        {"c=1..8+-1",                 "step must be 1"         },
        {"o=-4..8",                   "needs a step"           },
        {"c=1..1000+1",               "more than 64 values"    },
        {"b=1//2",                    "a value is missing"     },
        {"b=1/",                      "a value is missing"     },
        {"c=0..18446744073709551615", "a range is a..b"        },
        {"c=1..32+1,t=1..32+1",       "more than 256"          },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sweep sweep;
        char message[MESSAGE_BYTES] = "";
        assert_int_equal(sweep_expand(&sweep, "who", cases[i].params, rules_by_letter, NULL,
                                      message),
                         -1);
        assert_non_null(strstr(message, cases[i].expected));
        assert_non_null(strstr(message, "who: "));
        sweep_release(&sweep);
    }
}

/* The largest that is taken ends, and does not run round. */
static void large_numbers_end(void **state)
{
    (void)state;
    char line[4096];
    expand(line, sizeof line, "o=1..4611686018427387903*1000000");
    assert_string_equal(line, "o=1 o=1000000 o=1000000000000 o=1000000000000000000 "
                              "o=4611686018427387903");
    expand(line, sizeof line, "o=1..4611686018427387903+4000000000000000000");
    assert_string_equal(line, "o=1 o=4000000000000000001 o=4611686018427387903");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_and_lists_become_values),
        cmocka_unit_test(labels_name_what_is_swept),
        cmocka_unit_test(nonsense_is_refused_in_words),
        cmocka_unit_test(large_numbers_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
