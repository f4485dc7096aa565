#include "flow/kernels.hpp"

#include "kernel/dispatch.hpp"

namespace pl {

double gather_dot(const double* base, Index stride, const int* list, int count, const double* x) {
    return level().sums->gather_dot(base, stride, list, count, x);
}

void gather_sum(const double* base, Index stride, const int* list, int count, const double* weight,
                double* out) {
    level().sums->gather_sum(base, stride, list, count, weight, out);
}

void combine(const double* const* rows, const double* weight, int count, Index width, double* out) {
    level().sums->combine(rows, weight, count, width, out);
}

double dot(const double* u, const double* v, Index width) {
    return level().sums->dot(u, v, width);
}

double strip(const double* rows, Index stride, int count, double* v, Index width, double* coeff) {
    return level().sums->strip(rows, stride, count, v, width, coeff);
}

}  // namespace pl
