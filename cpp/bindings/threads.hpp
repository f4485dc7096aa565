// The thread count of a call from Python.
#pragma once

namespace pl {

// `threads`, or 1 in a child of fork(), where the first call that asked for more warns. Throws for
// less than 1.
int usable_threads(int threads);

// After a call: warns, once, if the system refused a thread so that fewer were at work. Never throws: the
// results are there.
void tell_refused_threads();

}  // namespace pl
