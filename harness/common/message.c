/* One line for the user; see message.h. */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>

int message_set(char *message, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, MESSAGE_BYTES, format, arguments);
    va_end(arguments);
    for (char *c = message; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == '\177')
            *c = ' ';
    return -1;
}
