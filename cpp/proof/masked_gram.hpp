// Sums over neurons of what each sees of the inputs, in the cost of one Gram matrix instead of one for each.
#pragma once

#include "proof/matrix.hpp"

namespace pl {

// The lower triangle of K (n, n), which is zero before:
//     K = sum_j diag(m_j) X X^T diag(m_j) - Y Y^T = (X X^T) o (m m^T) - Y Y^T,
// with X the inputs (n, d), m the weights (n, p), one column for each neuron, and Y (n, any) what is taken
// away.
void masked_gram(const Matrix& inputs, const Matrix& weights, const Matrix& taken, Matrix& K,
                 Workers workers);

}  // namespace pl
