/* Decompression by the piece; see inflow.h. */
#include "inflow.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum {
    INFLOW_BYTES = 64 << 10,
    MAGIC_BYTES = 4,
    ZIP_HEAD_BYTES = 30, /* PKWARE APPNOTE 4.3.7: a member's local header */
    ZIP_METHOD_AT = 8,
    ZIP_NAME_LENGTH_AT = 26,
    ZIP_EXTRA_LENGTH_AT = 28,
    ZIP_DEFLATED = 8,
    GZIP_WINDOW_BITS = 15 + 16, /* zlib.h, inflateInit2(): with gzip's head and check */
    RAW_WINDOW_BITS = -15,      /* the same: deflate without a head */
};

enum coding { CODING_UNKNOWN, CODING_PLAIN, CODING_GZIP, CODING_ZSTD, CODING_ZIP };

struct inflow {
    inflow_read *read;
    void *argument;
    enum coding coding;
    bool ended;    /* the reader has no more */
    bool complete; /* the last member or frame is at its end */
    z_stream zip;
    bool zip_begun;
    ZSTD_DStream *zstd;
    size_t begin, end; /* compressed bytes not used yet */
    unsigned char buffer[INFLOW_BYTES];
};

struct inflow *inflow_create(inflow_read *read, void *argument)
{
    struct inflow *inflow = calloc(1, sizeof *inflow);
    if (inflow == NULL)
        return NULL;
    inflow->read = read;
    inflow->argument = argument;
    return inflow;
}

void inflow_free(struct inflow *inflow)
{
    if (inflow == NULL)
        return;
    if (inflow->zip_begun)
        inflateEnd(&inflow->zip);
    ZSTD_freeDStream(inflow->zstd);
    free(inflow);
}

/* Sees to it that `bytes` are in the buffer, or all there are. Returns how many, or -1. */
static long gather(struct inflow *inflow, size_t bytes)
{
    if (inflow->end - inflow->begin >= bytes)
        return (long)(inflow->end - inflow->begin);
    memmove(inflow->buffer, inflow->buffer + inflow->begin, inflow->end - inflow->begin);
    inflow->end -= inflow->begin;
    inflow->begin = 0;
    while (inflow->end < bytes && !inflow->ended) {
        long got = inflow->read(inflow->argument, inflow->buffer + inflow->end,
                                sizeof inflow->buffer - inflow->end);
        if (got < 0)
            return -1;
        inflow->ended = got == 0;
        inflow->end += (size_t)got;
    }
    return (long)inflow->end;
}

static unsigned little16(const unsigned char *at)
{
    return at[0] | (unsigned)at[1] << 8;
}

/* Steps over a zip's first head. */
static const char *enter_zip(struct inflow *inflow)
{
    if (gather(inflow, ZIP_HEAD_BYTES) < ZIP_HEAD_BYTES)
        return "the zip ends inside its first head";
    const unsigned char *head = inflow->buffer + inflow->begin;
    if (little16(head + ZIP_METHOD_AT) != ZIP_DEFLATED)
        return "the zip's first member is not deflated; unpack it first";
    size_t skip =
        ZIP_HEAD_BYTES + little16(head + ZIP_NAME_LENGTH_AT) + little16(head + ZIP_EXTRA_LENGTH_AT);
    while (skip > 0) {
        long have = gather(inflow, 1);
        if (have <= 0)
            return "the zip ends inside its first head";
        size_t step = skip < (size_t)have ? skip : (size_t)have;
        inflow->begin += step;
        skip -= step;
    }
    return NULL;
}

static const char *begin_zlib(struct inflow *inflow, int window_bits)
{
    if (inflateInit2(&inflow->zip, window_bits) != Z_OK)
        return "out of memory";
    inflow->zip_begun = true;
    return NULL;
}

static const char *recognise(struct inflow *inflow)
{
    static const unsigned char zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd}; /* RFC 8878 */
    long have = gather(inflow, MAGIC_BYTES);
    const unsigned char *magic = inflow->buffer + inflow->begin;
    if (have < 0)
        return strerror(errno);
    inflow->coding = CODING_PLAIN;
    if (have >= 3 && magic[0] == 0x1f && magic[1] == 0x8b && magic[2] == 8) { /* RFC 1952 */
        inflow->coding = CODING_GZIP;
        return begin_zlib(inflow, GZIP_WINDOW_BITS);
    }
    if (have >= MAGIC_BYTES && memcmp(magic, zstd_magic, sizeof zstd_magic) == 0) {
        inflow->coding = CODING_ZSTD;
        inflow->zstd = ZSTD_createDStream();
        return inflow->zstd == NULL ? "out of memory" : NULL;
    }
    if (have >= MAGIC_BYTES && memcmp(magic, "PK\3\4", MAGIC_BYTES) == 0) {
        inflow->coding = CODING_ZIP;
        const char *reason = enter_zip(inflow);
        return reason != NULL ? reason : begin_zlib(inflow, RAW_WINDOW_BITS);
    }
    return NULL;
}

static long take_plain(struct inflow *inflow, unsigned char *into, size_t bytes)
{
    size_t have = inflow->end - inflow->begin, count = have < bytes ? have : bytes;
    memcpy(into, inflow->buffer + inflow->begin, count);
    inflow->begin += count;
    return (long)count;
}

static long take_zlib(struct inflow *inflow, unsigned char *into, size_t bytes, const char **reason)
{
    z_stream *zip = &inflow->zip;
    if (inflow->complete && inflow->coding == CODING_ZIP) {
        inflow->begin = inflow->end; /* whatever else the zip holds */
        return 0;
    }
    if (inflow->complete && inflateReset(zip) != Z_OK) {
        *reason = "damaged compressed data";
        return -1;
    }
    inflow->complete = false;
    zip->next_in = inflow->buffer + inflow->begin;
    zip->avail_in = (unsigned)(inflow->end - inflow->begin);
    zip->next_out = into;
    zip->avail_out = (unsigned)bytes;
    int result = inflate(zip, Z_NO_FLUSH);
    inflow->begin = inflow->end - zip->avail_in;
    inflow->complete = result == Z_STREAM_END;
    if (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR)
        return (long)(bytes - zip->avail_out);
    *reason = result == Z_MEM_ERROR ? "out of memory" : "damaged compressed data";
    return -1;
}

static long take_zstd(struct inflow *inflow, unsigned char *into, size_t bytes, const char **reason)
{
    ZSTD_inBuffer in = {inflow->buffer + inflow->begin, inflow->end - inflow->begin, 0};
    ZSTD_outBuffer out = {into, bytes, 0};
    size_t result = ZSTD_decompressStream(inflow->zstd, &out, &in);
    inflow->begin += in.pos;
    if (ZSTD_isError(result)) {
        *reason = "damaged compressed data";
        return -1;
    }
    inflow->complete = result == 0;
    return (long)out.pos;
}

long inflow_take(struct inflow *inflow, unsigned char *into, size_t bytes, const char **reason)
{
    *reason = inflow->coding == CODING_UNKNOWN ? recognise(inflow) : NULL;
    if (*reason != NULL)
        return -1;
    for (;;) {
        long have = gather(inflow, 1);
        if (have < 0) {
            *reason = strerror(errno);
            return -1;
        }
        if (inflow->coding == CODING_PLAIN)
            return take_plain(inflow, into, bytes);
        if (have == 0 && inflow->complete)
            return 0;
        /* Also with no input left: what is inside may still come out. */
        long got = inflow->coding == CODING_ZSTD ? take_zstd(inflow, into, bytes, reason)
                                                 : take_zlib(inflow, into, bytes, reason);
        if (got != 0)
            return got;
        if (have == 0 && !inflow->complete) {
            *reason = "the compressed data end early";
            return -1;
        }
    }
}
