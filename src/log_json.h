/* log_json.h: `log --json`: a step's attempts, and what one of them printed. */
#ifndef SRC_LOG_JSON_H
#define SRC_LOG_JSON_H

#include "src/build.h"

/* Prints the document to standard output; log_fd is the attempt's log, which may be larger than
 * memory: it is read twice, in pieces. */
int log_json_print(const struct build *build, size_t step, const struct attempt *attempt,
		   int log_fd, struct err *err);

#endif
