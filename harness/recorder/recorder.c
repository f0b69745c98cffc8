/* The preloaded recorder. */
#include "ring.h"
