/* The texts that sh runs; see program_command.h. */
#include "program_command.h"

#include "environment.h"
#include "message.h"
#include "program_launch.h"

#include <assert.h>
#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNDER_WORD "{under}"
/* -D: the program, not strace, is the child of the shell, so that $! and signals reach it. */
#define STRACE_WORDS                                                                       \
    "strace -D -f -qq --seccomp-bpf -o /dev/fd/4 -e trace=brk,mmap,munmap,mremap,madvise " \
    "-e signal=none"
static_assert(PROGRAM_LOG_FD == 4, "named in STRACE_WORDS");

char *program_quote(const char *word)
{
    size_t bytes = strlen(word) + sizeof "''";
    for (const char *c = word; *c != '\0'; c++)
        bytes += *c == '\'' ? strlen("'\\''") : 0;
    char *quoted = malloc(bytes), *end = quoted;
    if (quoted == NULL)
        return NULL;
    *end++ = '\'';
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '\'')
            end = mempcpy(end, "'\\'", 3); /* and the quote itself opens the next piece */
        *end++ = *c;
    }
    *end++ = '\'';
    *end = '\0';
    return quoted;
}

char *program_expand(const char *command, const char *under)
{
    char *text = NULL;
    size_t bytes;
    FILE *stream = open_memstream(&text, &bytes);
    if (stream == NULL)
        return NULL;
    const char *found;
    while ((found = strstr(command, UNDER_WORD)) != NULL) {
        fprintf(stream, "%.*s%s", (int)(found - command), command, under);
        command = found + strlen(UNDER_WORD);
    }
    fputs(command, stream);
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

const char *program_malloc_path(const struct allocator *allocator)
{
    Dl_info info;
    if (allocator->path != NULL)
        return allocator->path;
    if (dladdr((void *)gnu_get_libc_version, &info) == 0 || info.dli_fname == NULL)
        return "libc.so.6"; /* found again by its name */
    return info.dli_fname;
}

/* " 'NAME=VALUE'", behind -E for strace. */
static int put_variable(FILE *stream, const char *variable, bool trace)
{
    char *quoted = program_quote(variable);
    if (quoted == NULL)
        return -1;
    fprintf(stream, "%s %s", trace ? " -E" : "", quoted);
    free(quoted);
    return 0;
}

static int put_allocator_env(FILE *stream, const struct program_under *under, char *message)
{
    char *list = strdup(under->allocator->env != NULL ? under->allocator->env : "");
    char *rest = list, *variable;
    int result = list != NULL ? environment_check_allocator(under->allocator, message)
                              : message_set(message, "out of memory");
    while (result == 0 && (variable = strsep(&rest, "\n")) != NULL) {
        if (variable[0] == '\0')
            continue;
        if (put_variable(stream, variable, under->trace) < 0)
            result = message_set(message, "out of memory");
    }
    free(list);
    return result;
}

static int put_preload(FILE *stream, const struct program_under *under, char *message)
{
    char variable[2 * PATH_MAX + 32];
    const char *path = program_malloc_path(under->allocator);
    if (environment_check_preload(path, message) < 0)
        return -1;
    if (under->witness != NULL && environment_check_preload(under->witness, message) < 0)
        return -1;
    int bytes =
        snprintf(variable, sizeof variable, "LD_PRELOAD=%s%s%s", path,
                 under->witness != NULL ? ":" : "", under->witness != NULL ? under->witness : "");
    if (bytes >= (int)sizeof variable)
        return message_set(message, "allocator %s: its path is too long", under->allocator->name);
    if (put_variable(stream, variable, under->trace) < 0)
        return message_set(message, "out of memory");
    if (under->witness == NULL)
        return 0;
    snprintf(variable, sizeof variable, "HEAPMARK_WITNESS=%s", under->witness_file);
    return put_variable(stream, variable, under->trace) < 0 ? message_set(message, "out of memory")
                                                            : 0;
}

char *program_under_text(const struct program_under *under, char *message)
{
    char *text = NULL;
    size_t bytes;
    FILE *stream = open_memstream(&text, &bytes);
    if (stream == NULL) {
        message_set(message, "out of memory");
        return NULL;
    }
    fputs(under->trace ? STRACE_WORDS : "env", stream);
    int result = put_allocator_env(stream, under, message);
    if (result == 0)
        result = put_preload(stream, under, message);
    if (fclose(stream) != 0 && result == 0)
        result = message_set(message, "out of memory");
    if (result == 0)
        return text;
    free(text);
    return NULL;
}
