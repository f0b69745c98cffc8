/* The keys of a workload file; docs/workload-files.md explains them. See pattern.h. */
#include "pattern.h"

const struct pattern_key pattern_keys[] = {
    {"summary",    "global", "one line: what it is"                                           },
    {"imitates",   "global", "which program, or what kind of"                                 },
    {"source",     "global", "where its figures come from"                                    },
    {"threads",    "global", "1 to 64 (1)"                                                    },
    {"laps",       "global", "slices of equal work that are timed by themselves (40)"         },
    {"rounds",     "global", "how often the phases are gone through (1)"                      },
    {"touch",      "global", "bytes written: none, first, page or all (page)"                 },
    {"speed",      "global", "where calls have times: 1, N times as fast, or max (1)"         },
    {"start",      "global", "steady: with the live set of the first phase; or empty (steady)"},
    {"deck",       "global", "a deck of blocks in place of phases (trace profile --twin)"     },
    {"repeat",     "global", "how often a deck is dealt out (by its calls)"                   },
    {"operations", "phase",  "calls of a thread in a round (100k)"                            },
    {"rate",       "phase",  "arrivals a second and thread; what is late is caught up with"   },
    {"arrivals",   "phase",  "fixed or poisson (fixed)"                                       },
    {"burst",      "phase",  "calls at each arrival, or between two pauses (1)"               },
    {"think",      "phase",  "pause between bursts, a distribution of times"                  },
    {"share",      "kind",   "of the phase's steps, against the other kinds (1)"              },
    {"sizes",      "kind",   "a distribution of bytes, or table:FILE"                         },
    {"lifetime",   "kind",
     "a distribution in calls, bytes, steps or time; batch N; phase; "
     "forever"                                                                                },
    {"live",       "kind",   "bytes that a thread keeps; what is more is freed"               },
    {"order",      "kind",
     "which are freed then: fifo, lifo, random, or shares of them "
     "(random)"                                                                               },
    {"calloc",     "kind",   "percent of allocations (0)"                                     },
    {"aligned",    "kind",   "percent of allocations by posix_memalign (0)"                   },
    {"alignment",  "kind",   "of these, bytes (64)"                                           },
    {"realloc",    "kind",   "percent of steps that resize a live block (0)"                  },
    {"growth",     "kind",   "how: x1.5 or +64 (x2)"                                          },
    {"largest",    "kind",   "a block that would grow beyond is cut to a fresh size (1M)"     },
    {"handover",   "kind",   "percent of blocks that another thread frees (0)"                },
};
const unsigned pattern_key_count = sizeof pattern_keys / sizeof pattern_keys[0];
