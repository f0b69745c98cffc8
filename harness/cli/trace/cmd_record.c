/* heapmark record: records the allocations of a program into trace files. */
#include "cli.h"
#include "message.h"
#include "record_options.h"
#include "record_session.h"

#include <stdio.h>

int cmd_record(int argc, char **argv)
{
    struct record_options options;
    record_options_parse(&options, argc, argv);
    return options.listener >= 0 ? record_session_serve(&options) : record_session_run(&options);
}
