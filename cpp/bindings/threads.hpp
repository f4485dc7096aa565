// The thread count of a call from Python.
#pragma once

namespace pl {

// `threads`, or 1 in a child of fork(), where the first call that asked for more warns. Throws for
// less than 1.
int usable_threads(int threads);

}  // namespace pl
