/* hyperfine as the stopwatch; see hyperfine.h. */
#include "hyperfine.h"

#include "message.h"

#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stddef.h>

#define NS_PER_S 1e9

void hyperfine_arguments(const char **argv, const char *command, const char *json)
{
    /* --ignore-failure: a wrong exit status shall come back to us in the JSON. --output=inherit
     * leaves the descriptors as they are: hyperfine would put /dev/null in their place. */
    const char *const arguments[] = {
        "hyperfine",
        "--shell=none",
        "--runs",
        "1",
        "--warmup",
        "0",
        "--style=none",
        "--ignore-failure",
        "--output=inherit",
        "--export-json",
        json,
        command,
        NULL,
    };
    static_assert(sizeof arguments / sizeof arguments[0] <= HYPERFINE_ARGUMENTS, "they fit");
    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++)
        argv[i] = arguments[i];
}

int hyperfine_read(const char *json, struct hyperfine_result *result, char *message)
{
    json_error_t error;
    json_t *root = json_load_file(json, 0, &error);
    if (root == NULL)
        return message_set(message, "hyperfine's result: %s", error.text);
    double wall_s, user_s, system_s;
    int exit_status;
    int unpacked =
        json_unpack_ex(root, &error, 0, "{s:[{s:[F], s:F, s:F, s:[i]}]}", "results", "times",
                       &wall_s, "user", &user_s, "system", &system_s, "exit_codes", &exit_status);
    json_decref(root);
    if (unpacked < 0)
        return message_set(message, "hyperfine's result: %s; version 1.12 or newer is needed",
                           error.text);
    *result = (struct hyperfine_result){
        .wall_ns = llround(wall_s * NS_PER_S),
        .cpu_ns = llround((user_s + system_s) * NS_PER_S),
        .exit_status = exit_status,
    };
    return 0;
}
