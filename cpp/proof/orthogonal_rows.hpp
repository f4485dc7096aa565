// Whether the rows of X are orthogonal, exactly: as the float64 numbers they are.
#pragma once

#include "problem/problem.hpp"
#include "proof/matrix.hpp"

namespace pl {

// Told of rows that share no coordinate, and of rows whose entries are, over the largest of theirs, fractions
// of few bits (Hadamard's, of any scale): those have products without rounding. False of others, orthogonal
// or not; inputs given by their norms are. Throws MemoryBudget before the n^2 d products, which others never
// come to.
bool orthogonal_rows(const Problem<double>& problem, Workers workers);

}  // namespace pl
