// The smallest eigenvalue of a symmetric matrix that is known by its products, from above up to rounding:
// what refuses a radius before K is formed. Nothing to base a proof on.
#pragma once

#include <functional>
#include <vector>

#include "proof/matrix.hpp"

namespace pl {

using Product = std::function<std::vector<double>(const std::vector<double>&)>;

// Davidson's method: the least Ritz value over a basis that grows by the residual, solved with the Cholesky
// factor of a matrix not far from the one that is meant. `vector` is where it starts, and then the Ritz
// vector. Ends where a step changes less than a percent, or the value is no longer positive.
double least_ritz_value(const Matrix& factor, const Product& product, std::vector<double>& vector);

// Where nothing is known of it: any vector, smoothed by two solves.
std::vector<double> first_ritz_vector(const Matrix& factor);

}  // namespace pl
