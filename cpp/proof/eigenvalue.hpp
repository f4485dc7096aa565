// The smallest eigenvalue of a symmetric matrix from below, proved by a Cholesky factorisation that ran to
// its end.
#pragma once

#include "proof/matrix.hpp"

namespace pl {

// K is given by its lower triangle, each true entry off by a matrix of norm at most `charge`. Returns a
// proved lower bound of the smallest eigenvalue of the true matrix, sharp to a few per cent; 0 or less proves
// nothing. With W such that runs are cancelled: -infinity.
double least_eigenvalue(const Matrix& K, double charge, Workers workers);

}  // namespace pl
