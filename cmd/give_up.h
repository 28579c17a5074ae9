/*
 * The end of a delivery that nobody can finish.
 */
#ifndef CMD_GIVE_UP_H
#define CMD_GIVE_UP_H

#include "cmd/job_impl.h"

/*
 * Ends a pass as it stands: what was sent and not answered becomes doubtful. The report,
 * the file's entry and the exit status tell of it. `retaken`: its file lies in the drop,
 * and this very run reads it again.
 */
int give_up_pass(
    struct job *j, struct pass *p, const char *why, bool retaken, struct err *e);

#endif
