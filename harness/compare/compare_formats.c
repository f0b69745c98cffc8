/* The formats of a comparison; see compare_output.h. */
#include "compare_output.h"

const struct compare_format compare_formats[] = {
    {"text",  compare_output_text    },
    {"md",    compare_output_markdown},
    {"json",  compare_output_json    },
    {"junit", compare_output_junit   },
    {NULL,    NULL                   },
};
