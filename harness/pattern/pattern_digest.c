/* What a workload file was; see pattern_digest.h. */
#include "pattern_digest.h"

#include "message.h"

#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add_file(SHA2_CTX *context, const char *path, char **text, char *message)
{
    char *bytes = NULL;
    size_t count = 0, room = 0;
    FILE *file = fopen(path, "re");
    ssize_t length = file != NULL ? getdelim(&bytes, &room, '\0', file) : -1;
    if (file == NULL || (length < 0 && ferror(file))) {
        int error = errno;
        if (file != NULL)
            fclose(file);
        free(bytes);
        return message_set(message, "cannot read %s: %s", path, strerror(error));
    }
    count = length > 0 ? (size_t)length : 0;
    SHA256Update(context, (const uint8_t *)bytes, count);
    fclose(file);
    if (text != NULL)
        *text = bytes;
    else
        free(bytes);
    return 0;
}

int pattern_take_digest(struct pattern *pattern, char *tables, char *message)
{
    SHA2_CTX context;
    char *rest = tables, *path;
    SHA256Init(&context);
    if (add_file(&context, pattern->path, &pattern->text, message) < 0)
        return -1;
    while (rest != NULL && (path = strsep(&rest, "\n")) != NULL)
        if (path[0] != '\0' && add_file(&context, path, NULL, message) < 0)
            return -1;
    SHA256End(&context, pattern->digest);
    return 0;
}
