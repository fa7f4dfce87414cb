/*
 * The handover of a listening socket from one process to another, with the kernel's part in it. README.md explains it.
 *
 * Switches, each of which takes one rule away, so that `run` can show what it is for:
 *   NO_SWEEP     an old worker does not accept once more after it has removed the socket from its epoll
 *   NO_LOOK      the new process does not look once more after the old one has let go, or has died
 *   NO_BATON     each side decides by its own clock alone
 *   CLOSE_EARLY  the old process closes the socket before the new one has said that it has taken it
 *   NO_CRASH     nobody is killed
 */

#define WORKERS 2      /* of each process */
#define CLIENTS 2      /* connections that come, at any time */

#define OLD 0
#define NEW 1
#define of(w) ((w) / WORKERS)

/* ---- the kernel: one listening socket, an epoll for each worker */

byte waiting;          /* connections in the accept queue */
byte served;           /* connections that somebody accepted */
bool refused;          /* one came while nobody had the socket, or waited when the last one closed it */
bool holds[2];         /* the process has a descriptor of the socket; one that is on its way counts as the receiver's */
bool dead[2];          /* killed */
bool gone[2];          /* has ended, or was killed: the peer reads the end of the stream */

bool watches[4];       /* registered with EPOLLEXCLUSIVE, level-triggered */
bool ready[4];         /* on the ready list of the worker's epoll */
bool sleeps[4];        /* in epoll_wait */

byte baton = 1;        /* an eventfd that both have: who reads it first decides */

inline close_socket(p) {
    holds[p] = false;
    if
    :: !holds[OLD] && !holds[NEW] && waiting > 0 -> refused = true; waiting = 0
    :: else
    fi
}

/* A connection comes. The kernel wakes one worker that sleeps, and where none does it marks all. */
proctype clients() {
    byte came;
    do
    :: came < CLIENTS -> atomic {
        came++;
        if
        :: !holds[OLD] && !holds[NEW] -> refused = true
        :: else ->
            waiting++;
            if
            :: watches[0] && sleeps[0] -> ready[0] = true; sleeps[0] = false
            :: watches[1] && sleeps[1] -> ready[1] = true; sleeps[1] = false
            :: watches[2] && sleeps[2] -> ready[2] = true; sleeps[2] = false
            :: watches[3] && sleeps[3] -> ready[3] = true; sleeps[3] = false
            :: else ->
                ready[0] = ready[0] || watches[0]; ready[1] = ready[1] || watches[1];
                ready[2] = ready[2] || watches[2]; ready[3] = ready[3] || watches[3]
            fi
        fi
    }
    :: came == CLIENTS -> break
    od
}

/* ---- a worker, and what its control thread leaves for it */

mtype = { Nothing, Watch, LetGo, Look };
mtype inbox[4] = Nothing;
byte letGo;            /* old workers that have */
byte looked;           /* new workers that have */

inline accept_one() {
    if
    :: waiting > 0 -> waiting--; served++
    :: else
    fi
}

inline sweep() {
    do
    :: atomic { waiting > 0 -> waiting--; served++ }
    :: atomic { waiting == 0 -> break }
    od
}

proctype worker(byte w) {
    {
    do
    :: atomic { !ready[w] && inbox[w] == Nothing -> sleeps[w] = true };
        atomic { ready[w] || inbox[w] != Nothing -> sleeps[w] = false }
    /* In a batch of events the message may stand before the connection, or after it. */
    :: atomic { inbox[w] == Watch -> inbox[w] = Nothing; watches[w] = true; ready[w] = waiting > 0 }
    :: atomic { inbox[w] == LetGo -> watches[w] = false; ready[w] = false };
#ifndef NO_SWEEP
        sweep();
#endif
        atomic { inbox[w] = Nothing; letGo++ }
    :: atomic { inbox[w] == Look -> inbox[w] = Nothing };
        sweep();
        looked++
    :: atomic { ready[w] && waiting == 0 -> ready[w] = false }
    :: atomic { ready[w] && waiting > 0 -> accept_one() }
    od
    } unless { dead[of(w)] }
}

/* ---- the control thread of each side; deadlines may pass at any moment, so a side that is stopped (SIGSTOP) is one that is slow */

mtype = { Hello, Doors, Ready, Released, Taken, Abort };
chan toOld = [4] of { mtype };
chan toNew = [4] of { mtype };
bool serves[2];        /* what the side is resolved to do */
bool knows[2];         /* how it ended: the side waits for nothing */
bool aborted;          /* the old one has said that it goes on */
bool taken;            /* the new one has said that it has it */

#ifdef NO_BATON
#define take(got) got = true
#else
#define take(got) got = baton > 0; baton = 0
#endif

#define end_from_new (gone[NEW] && empty(toOld))
#define end_from_old (gone[OLD] && empty(toNew))

proctype old() {
    bool mine;
    {
    atomic { toOld?Hello -> knows[OLD] = false; holds[NEW] = !gone[NEW]; toNew!Doors };
    if
    :: toOld?Ready
    :: end_from_new -> goto goes_on
    /* It was too long. */
    :: atomic { take(mine) };
        if
        :: atomic { mine -> toNew!Abort; aborted = true }; goto goes_on
        :: else
        fi
    fi;
    inbox[0] = LetGo;
    inbox[1] = LetGo;
    letGo == WORKERS;
#ifdef CLOSE_EARLY
    atomic { close_socket(OLD) };
#endif
    toNew!Released;
    do
    :: toOld?Ready
    :: atomic { toOld?Taken -> serves[OLD] = false; close_socket(OLD) }; goto over
    :: end_from_new -> goto back
    :: atomic { !mine && baton > 0 -> take(mine) };
        if
        :: atomic { mine -> toNew!Abort; aborted = true }; goto back
        :: else
        fi
    od;
back:
#ifndef CLOSE_EARLY
    inbox[0] = Watch;
    inbox[1] = Watch;
#endif
goes_on:
    skip;
over:
    knows[OLD] = true
    } unless { dead[OLD] }
}

proctype new() {
    bool mine;
    bool released;
    {
    toOld!Hello;
    if
    :: toNew?Doors; toOld!Ready
    /* It was too long; an address cannot be bound. */
    :: atomic { !dead[OLD] -> gone[NEW] = true; close_socket(NEW) }; goto over
    fi;
    do
    :: toNew?Released -> released = true; atomic { take(mine) };
        if
        :: mine -> break
        :: else /* the old one goes on: it will say so */
        fi
    :: toNew?Abort -> goto no
    :: end_from_old -> released = true; break
    :: atomic { !mine && baton > 0 -> take(mine) };
        if
        :: mine -> break
        :: else
        fi
    od;
    serves[NEW] = true;
    inbox[2] = Watch;
    inbox[3] = Watch;
    (inbox[2] == Nothing && inbox[3] == Nothing);
    atomic { toOld!Taken; taken = true };
    do
    :: !released && toNew?[Released] -> toNew?Released; released = true
    :: !released && toNew?[Abort] -> toNew?Abort
    :: !released && end_from_old -> released = true
    :: released -> break
    od;
#ifndef NO_LOOK
    inbox[2] = Look;
    looked == 1;
#endif
    goto over;
no:
    atomic { gone[NEW] = true; close_socket(NEW) };
over:
    knows[NEW] = true
    } unless { dead[NEW] }
}

/* ---- what goes wrong, and what must not come of it */

inline kill(p) {
    dead[p] = true;
    gone[p] = true;
    serves[p] = false;
    watches[p * WORKERS] = false;
    watches[p * WORKERS + 1] = false;
    sleeps[p * WORKERS] = false;
    sleeps[p * WORKERS + 1] = false;
    ready[p * WORKERS] = false;
    ready[p * WORKERS + 1] = false;
    close_socket(p)
}

/*
 * One of the two, at any step: the old one from when the new one has the socket (before that, the new one starts as if there were no other) to
 * when it has said that it goes on; the new one until it has said that it has taken it. Who dies otherwise is a server that died, or none.
 */
proctype killer() {
#ifndef NO_CRASH
    if
    :: atomic { holds[NEW] && !gone[NEW] && !aborted -> kill(OLD) }
    :: atomic { !taken && !gone[NEW] -> kill(NEW) }
    :: skip
    fi
#endif
    skip
}

/* Nothing can happen any more. */
proctype end() {
    timeout;
    assert(!refused);
    assert(waiting == 0);
    assert(served == CLIENTS);
    assert((knows[OLD] || dead[OLD]) && (knows[NEW] || dead[NEW]));
    assert(serves[OLD] != serves[NEW]);
    assert(serves[OLD] -> (watches[0] && watches[1] && !watches[2] && !watches[3]) : true);
    assert(serves[NEW] -> (watches[2] && watches[3] && !watches[0] && !watches[1]) : true)
}

init {
    atomic {
        holds[OLD] = true;
        serves[OLD] = true;
        knows[OLD] = true;
        watches[0] = true;
        watches[1] = true;
        run worker(0); run worker(1); run worker(2); run worker(3);
        run old(); run new(); run clients(); run killer(); run end()
    }
}
