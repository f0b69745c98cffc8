/*
 * webserver: T threads that each serve requests of clients who come and go.
 *
 * Takes, for every worker: connections that are kept alive for some requests (an object and a
 * read buffer each); logins that outlive connections; documents of heavy-tailed size, the
 * popular ones in an LRU cache; and requests, which are what a lap counts. A request parses
 * header strings, makes a response header, and answers with a document (from the cache or made
 * anew and cached) or with a page built by growing a buffer, which is in flight until some more
 * requests have been served. Its strings are freed at its end; some of its blocks are handed to
 * another worker (a logger, say) and freed there in the next lap.
 *
 * The load is a triangle over the laps: the numbers of connections and logins rise to their
 * maximum and fall to a quarter of it, so live memory moves, while the number of requests, and so
 * the work, is the same in all laps. Invariant: nothing depends on time or on other workers; the
 * calls of a worker follow from the seed.
 *
 * What it rests on:
 * - most blocks die with their request, some outlive it: Inoue, Komatsu and Nakatani, 'A Study of
 *   Memory Management for Web-based Applications on Multicore Processors', PLDI 2009;
 * - sizes of documents: a log-normal body with a Pareto tail, Barford and Crovella, 'Generating
 *   Representative Web Workloads', SIGMETRICS 1998; index of the tail about 1.1, Crovella and
 *   Bestavros, 'Self-Similarity in World Wide Web Traffic', IEEE/ACM Trans. Networking 5(6) 1997;
 * - a tenth of the documents draws 80 to 95 % of the requests: Arlitt and Williamson, 'Web Server
 *   Workload Characterization', SIGMETRICS 1996; here popularity is Zipf's law with exponent 1.
 * Medians, shares and the numbers of connections and logins are ours, chosen so that a trial is
 * short.
 */
#include "distribution.h"
#include "lru_cache.h"
#include "mailboxes.h"

enum {
    REQUESTS,
    CONNECTIONS,
    LOGINS,
    CACHE,
    DOCUMENTS,
    MEDIAN,
    LARGEST,
    DYNAMIC,
    HANDOVER,
    PERIOD,
    TOUCH
};

static const struct param webserver_params[] = {
    PARAM_COUNT_ROW("requests", "4200", 1, 10000000, "served by a worker in a lap"),
    PARAM_COUNT_ROW("connections", "400", 4, 1000000, "open in a worker at the height of load"),
    PARAM_COUNT_ROW("logins", "8k", 4, 1000000, "kept by a worker at the height of load"),
    PARAM_BYTES_ROW("cache", "6M", 0, 1 << 30, "of documents, a worker"),
    PARAM_COUNT_ROW("documents", "4k", 2, 1000000, "that can be asked for"),
    PARAM_BYTES_ROW("median", "3k", 64, 1 << 20, "median size of documents and pages"),
    PARAM_BYTES_ROW("largest", "512k", 1024, 1 << 28, "size at which the Pareto tail ends"),
    PARAM_COUNT_ROW("dynamic", "30", 0, 100, "percent of requests answered by a built page"),
    PARAM_COUNT_ROW("handover", "10", 0, 100, "percent of requests with blocks freed elsewhere"),
    PARAM_COUNT_ROW("period", "20", 2, 100000, "laps from one height of load to the next"),
    PARAM_CHOICE_ROW("touch", "all", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

#define BODY_SIGMA    1.3
#define TAIL_SHARE    0.01
#define TAIL_ALPHA    1.1
#define STRING_MEDIAN 24
#define STRING_SIGMA  0.8

enum {
    CONNECTION_BYTES = 320,
    READ_BUFFER_BYTES = 4096,
    REQUEST_BYTES = 640, /* of a read buffer that a request fills */
    RESPONSE_HEADER_BYTES = 480,
    LOGIN_BYTES = 208,
    LOGIN_DATA_BYTES = 560,
    PAGE_FIRST_BYTES = 1024,
    STRING_MAXIMUM_BYTES = 1024,
    HEADERS_LEAST = 6,
    HEADERS_SPREAD = 8,
    KEEP_ALIVE_MEAN = 8, /* requests on a connection */
    LOGIN_PERCENT = 25,
    IN_FLIGHT = 64, /* power of two */
    LOW_LOAD_DIVISOR = 4,
};

struct connection {
    struct piece object, buffer;
    uint32_t requests_left;
};

struct login {
    struct piece record, name, data;
};

/* One worker's. */
struct server {
    struct lru_cache cache;
    struct connection *connections;
    struct login *logins; /* a ring: the oldest ends first */
    uint32_t open, open_wanted;
    uint32_t first_login, login_count, logins_wanted, login_places;
    uint32_t handed_over; /* in this lap */
    uint32_t sent;        /* pages in all: the next place in in_flight */
    unsigned lap;
    struct piece in_flight[IN_FLIGHT];
};

struct site {
    struct distribution bodies, strings, popularity;
    struct mailboxes mail;
    struct server servers[];
};

static void make_server(struct trial *trial, struct server *server)
{
    const uint64_t *values = trial->values;
    server->connections = trial_memory(trial, values[CONNECTIONS] * sizeof *server->connections);
    server->login_places = (uint32_t)values[LOGINS] + 1;
    server->logins = trial_memory(trial, server->login_places * sizeof *server->logins);
    server->cache = (struct lru_cache){
        .entries = trial_memory(trial, lru_cache_table_bytes((uint32_t)values[DOCUMENTS])),
        .documents = (uint32_t)values[DOCUMENTS],
        .touch = (enum touch)values[TOUCH],
        .limit_bytes = values[CACHE],
    };
    lru_cache_init(&server->cache);
}

static const char *webserver_setup(struct trial *trial)
{
    const uint64_t *values = trial->values;
    struct site *site =
        trial_memory(trial, sizeof *site + trial->threads * sizeof site->servers[0]);
    struct log_normal bodies = {(double)values[MEDIAN], BODY_SIGMA, 64, (uint32_t)values[LARGEST]};
    struct log_normal strings = {STRING_MEDIAN, STRING_SIGMA, 4, STRING_MAXIMUM_BYTES};
    struct pareto_tail tail = {TAIL_SHARE, TAIL_ALPHA, (uint32_t)values[LARGEST]};
    if (values[LARGEST] < 64 * values[MEDIAN])
        return "largest must be at least 64 times the median, or there is no tail";
    distribution_log_normal(&site->bodies, &bodies);
    distribution_add_tail(&site->bodies, &tail);
    distribution_log_normal(&site->strings, &strings);
    /* Zipf's law with exponent 1 is log-uniform in the rank. */
    distribution_log_uniform(&site->popularity, 1, (uint32_t)values[DOCUMENTS]);
    mailboxes_init(&site->mail, trial, values[REQUESTS]);
    for (unsigned i = 0; i < trial->threads; i++)
        make_server(trial, &site->servers[i]);
    trial->state = site;
    trial->requests = values[REQUESTS];
    return NULL;
}

/* ---- shorthands -------------------------------------------------------------------- */

static struct site *site_of(const struct worker *worker)
{
    return worker->trial->state;
}

static enum touch touch_of(const struct worker *worker)
{
    return (enum touch)worker->trial->values[TOUCH];
}

static struct piece take(struct worker *worker, uint32_t bytes)
{
    return piece_take(worker, bytes, touch_of(worker));
}

static void give(struct worker *worker, struct piece *piece)
{
    piece_give(worker, piece, touch_of(worker));
}

static struct piece take_string(struct worker *worker)
{
    return take(worker, distribution_draw(&site_of(worker)->strings, &worker->random));
}

static bool chance(struct worker *worker, uint64_t percent)
{
    return random_below(&worker->random, 100) < percent;
}

/* ---- connections and logins ---------------------------------------------------------- */

static void open_connection(struct worker *worker, struct server *server)
{
    struct connection *connection = &server->connections[server->open++];
    connection->object = take(worker, CONNECTION_BYTES);
    connection->buffer = piece_take(worker, READ_BUFFER_BYTES, TOUCH_NONE);
    connection->buffer.written = 0; /* by the first request */
    connection->requests_left = 1 + random_below(&worker->random, 2 * KEEP_ALIVE_MEAN - 1);
}

static void close_connection(struct worker *worker, struct server *server, uint32_t place)
{
    struct connection *connection = &server->connections[place];
    give(worker, &connection->buffer);
    give(worker, &connection->object);
    *connection = server->connections[--server->open];
}

static void end_login(struct worker *worker, struct server *server)
{
    struct login *login = &server->logins[server->first_login];
    give(worker, &login->name);
    give(worker, &login->data);
    give(worker, &login->record);
    server->first_login =
        server->first_login + 1 < server->login_places ? server->first_login + 1 : 0;
    server->login_count--;
}

static void begin_login(struct worker *worker, struct server *server)
{
    uint32_t place = server->first_login + server->login_count++;
    if (place >= server->login_places)
        place -= server->login_places;
    struct login *login = &server->logins[place];
    login->record = take(worker, LOGIN_BYTES);
    login->name = take_string(worker);
    login->data = take(worker, LOGIN_DATA_BYTES);
    /* Two end for one that begins while there are too many: the number falls as it rose. */
    for (int i = 0; i < 2 && server->login_count > server->logins_wanted; i++)
        end_login(worker, server);
}

/* ---- requests -------------------------------------------------------------------------- */

/* A document has one size, whoever asks for it. */
static uint32_t document_bytes(const struct site *site, uint32_t document)
{
    uint64_t random = document;
    return distribution_draw(&site->bodies, &random);
}

/* The table gives every 1024th of the probability; within one of its wide steps all ranks are
 * about as popular. */
static uint32_t draw_document(struct worker *worker)
{
    const struct distribution *popularity = &site_of(worker)->popularity;
    uint64_t random = random_next(&worker->random);
    uint32_t rank = distribution_at(popularity, random);
    uint64_t step = rank >> 7;
    rank -= (uint32_t)(((random & UINT32_MAX) * step) >> 32);
    return rank - 1;
}

static void answer_document(struct worker *worker, struct server *server)
{
    uint32_t document = draw_document(worker);
    if (lru_cache_use(&server->cache, document))
        return;
    lru_cache_insert(&server->cache, worker, document,
                     take(worker, document_bytes(site_of(worker), document)));
}

static void answer_page(struct worker *worker, struct server *server)
{
    uint32_t bytes = distribution_draw(&site_of(worker)->bodies, &worker->random);
    struct piece page = take(worker, bytes < PAGE_FIRST_BYTES ? bytes : PAGE_FIRST_BYTES);
    while (page.bytes < bytes)
        piece_grow(worker, &page, 2 * page.bytes < bytes ? 2 * page.bytes : bytes,
                   touch_of(worker));
    struct piece *place = &server->in_flight[server->sent++ & (IN_FLIGHT - 1)];
    if (place->block != NULL)
        give(worker, place); /* the client has it all by now */
    *place = page;
}

static void read_request(struct worker *worker, struct connection *connection)
{
    touch_range(connection->buffer.block, 0, REQUEST_BYTES, touch_of(worker),
                connection->buffer.mark);
    connection->buffer.written = REQUEST_BYTES;
}

static void hand_over(struct worker *worker, struct server *server, struct piece piece)
{
    mailboxes_send(&site_of(worker)->mail, worker, server->lap, server->handed_over++, piece,
                   touch_of(worker));
}

static void serve(struct worker *worker, struct server *server)
{
    const uint64_t *values = worker->trial->values;
    struct piece headers[HEADERS_LEAST + HEADERS_SPREAD];
    uint32_t count = HEADERS_LEAST + random_below(&worker->random, HEADERS_SPREAD);
    uint32_t place = random_below(&worker->random, server->open);
    read_request(worker, &server->connections[place]);
    for (uint32_t i = 0; i < count; i++)
        headers[i] = take_string(worker);
    if (chance(worker, LOGIN_PERCENT))
        begin_login(worker, server);
    struct piece response = take(worker, RESPONSE_HEADER_BYTES);
    if (chance(worker, values[DYNAMIC]))
        answer_page(worker, server);
    else
        answer_document(worker, server);
    if (chance(worker, values[HANDOVER]))
        hand_over(worker, server, response); /* to whoever writes the log */
    else
        give(worker, &response);
    while (count > 0)
        give(worker, &headers[--count]);
    if (--server->connections[place].requests_left == 0 || server->open > server->open_wanted)
        close_connection(worker, server, place);
    for (int i = 0; i < 2 && server->open < server->open_wanted; i++)
        open_connection(worker, server);
}

/* ---- laps -------------------------------------------------------------------------------- */

/* Sets what the load of that lap wants: from a quarter of `height` up to it and back. */
static uint32_t load_at(const struct trial *trial, unsigned lap, uint64_t height)
{
    uint64_t period = trial->values[PERIOD], at = 2 * (lap % period);
    uint64_t rise = at <= period ? at : 2 * period - at;
    uint64_t low = height / LOW_LOAD_DIVISOR;
    return (uint32_t)(low + (height - low) * rise / period);
}

static void set_load(const struct trial *trial, struct server *server, unsigned lap)
{
    server->open_wanted = load_at(trial, lap, trial->values[CONNECTIONS]);
    server->logins_wanted = load_at(trial, lap, trial->values[LOGINS]);
}

static void fill_cache(struct worker *worker, struct server *server)
{
    const struct site *site = site_of(worker);
    uint64_t bytes = 0;
    uint32_t documents = 0;
    while (documents < server->cache.documents) {
        bytes += document_bytes(site, documents);
        if (bytes > server->cache.limit_bytes)
            break;
        documents++;
    }
    /* The most popular last, so that they are the newest. */
    while (documents-- > 0)
        lru_cache_insert(&server->cache, worker, documents,
                         take(worker, document_bytes(site, documents)));
}

static void webserver_fill(struct worker *worker)
{
    struct server *server = &site_of(worker)->servers[worker->index];
    set_load(worker->trial, server, 0);
    fill_cache(worker, server);
    while (server->open < server->open_wanted)
        open_connection(worker, server);
    while (server->login_count < server->logins_wanted)
        begin_login(worker, server);
}

static void webserver_lap(struct worker *worker, unsigned lap)
{
    struct site *site = site_of(worker);
    struct server *server = &site->servers[worker->index];
    set_load(worker->trial, server, lap);
    server->lap = lap;
    server->handed_over = 0;
    if (lap > 0)
        mailboxes_empty(&site->mail, worker, lap - 1, touch_of(worker));
    for (uint64_t i = worker->trial->values[REQUESTS]; i > 0; i--) {
        worker_request_begin(worker);
        serve(worker, server);
        worker_request_end(worker);
    }
}

static void webserver_drain(struct worker *worker)
{
    struct site *site = site_of(worker);
    struct server *server = &site->servers[worker->index];
    mailboxes_empty(&site->mail, worker, worker->trial->laps, touch_of(worker));
    while (server->open > 0)
        close_connection(worker, server, server->open - 1);
    while (server->login_count > 0)
        end_login(worker, server);
    for (int i = 0; i < IN_FLIGHT; i++)
        if (server->in_flight[i].block != NULL)
            give(worker, &server->in_flight[i]);
    lru_cache_clear(&server->cache, worker);
}

static const struct workload webserver = {
    .name = "webserver",
    .summary = "requests on T threads: short-lived strings, connections and logins that outlive "
               "them, an LRU cache, blocks freed by others, load that rises and falls",
    .source = "Inoue et al., PLDI 2009; Barford and Crovella 1998; Crovella and Bestavros 1997; "
              "Arlitt and Williamson 1996",
    .touch = "every byte, but of a read buffer only the 640 B of a request (touch=all)",
    .params = webserver_params,
    .threads_maximum = 64,
    .requests = true,
    .laps = 40,
    .setup = webserver_setup,
    .fill = webserver_fill,
    .lap = webserver_lap,
    .drain = webserver_drain,
};
WORKLOAD_REGISTER(webserver)
