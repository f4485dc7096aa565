// Functions of a matrix by its products: phi functions, the eigenvalues of a tridiagonal matrix, the Lanczos
// process.
#include <algorithm>
#include <cmath>

#include "check.hpp"
#include "random_problem.hpp"
#include "stabilised/lanczos.hpp"

namespace {

using pl::at;
using pl::Index;
using Vector = std::vector<double>;

// phi_1 and phi_3 written out, where that loses no digits; x phi_(k + 1)(x) = 1 / k! - phi_k(x) everywhere.
void check_phi() {
    for (const double x : {1.0, 3.0, 40.0, 700.0, 1e6}) {
        const double one = (1.0 - std::exp(-x)) / x, three = (0.5 - (1.0 - one) / x) / x;
        CHECK(std::abs(pl::phi(1, x) - one) < 1e-15 * one);
        CHECK(std::abs(pl::phi(3, x) - three) < 1e-13 * three);
    }
    CHECK(pl::phi(0, 0.0) == 1.0 && pl::phi(1, 0.0) == 1.0 && pl::phi(2, 0.0) == 0.5);
    CHECK(std::abs(pl::phi(3, 0.0) - 1.0 / 6.0) < 1e-16);
    for (double x = 1e-9; x < 2.0; x *= 1.3)
        for (int k = 0; k < 3; ++k) {
            const double whole = k < 2 ? 1.0 : 0.5;  // 1 / k!
            CHECK(std::abs(x * pl::phi(k + 1, x) - (whole - pl::phi(k, x))) < 4e-16);
        }
}

// 2 on the diagonal, -1 beside it: 2 - 2 cos(pi k / (m + 1)), and eigenvectors to match.
void check_tridiagonal() {
    for (const int m : {1, 2, 3, 10, 60}) {
        Vector diagonal(at(m), 2.0), beside(at(m - 1), -1.0), modes(at(m * m), 0.0);
        for (int k = 0; k < m; ++k) modes[at(k * m + k)] = 1.0;
        pl::tridiagonal_eigen(diagonal, beside, modes);
        for (int e = 0; e < m; ++e) {
            for (int k = 0; k < m; ++k) {
                const auto mode = [&](int row) { return modes[at(row * m + e)]; };
                double image = 2.0 * mode(k);
                if (k > 0) image -= mode(k - 1);
                if (k + 1 < m) image -= mode(k + 1);
                CHECK(std::abs(image - diagonal[at(e)] * mode(k)) < 1e-13);
            }
        }
        std::sort(diagonal.begin(), diagonal.end());
        for (int e = 0; e < m; ++e)
            CHECK(std::abs(diagonal[at(e)] - (2.0 - 2.0 * std::cos(std::acos(-1.0) * (e + 1) / (m + 1)))) <
                  1e-13);
    }
}

// A diagonal K with entries over six decades, one of them 0.
void check_lanczos() {
    constexpr Index size = 203;
    Vector K, out(at(size));
    for (Index i = 0; i < size; ++i)
        K.push_back(i == 0 ? 0.0 : std::pow(10.0, -5.0 + 6.0 * static_cast<double>(i) / size));
    const pl::Lanczos::Product product = [&](const double* v, double* image) {
        for (Index i = 0; i < size; ++i) image[i] = K[at(i)] * v[i];
        return true;
    };
    const Vector v = normal(size, 1);
    pl::Lanczos lanczos;
    Index before = 0;
    for (const double tolerance : {1e-2, 1e-4, 1e-8}) {
        for (const double h : {0.01, 1.0, 10.0}) {
            lanczos.begin(v.data(), size);
            CHECK(lanczos.widen(product, h, tolerance));
            lanczos.apply(1, h, out.data());
            double off = 0.0;
            for (Index i = 0; i < size; ++i)
                off += std::pow(out[at(i)] - pl::phi(1, h * K[at(i)]) * v[at(i)], 2);
            CHECK(std::sqrt(off) < 3.0 * tolerance * lanczos.norm());
        }
        CHECK(lanczos.products() > before);  // of the longest step, the tighter the more
        before = lanczos.products();
    }
    CHECK(lanczos.radius() <= K.back() * (1 + 1e-12) && lanczos.radius() > 0.99 * K.back());
    const Index enough = lanczos.products();
    CHECK(lanczos.widen(product, 0.1, 1e-8) && lanczos.products() == enough);  // a shorter step needs no more
    CHECK(lanczos.widen(product, 100.0, 1e-8) && lanczos.products() > enough);
    lanczos.begin(Vector(at(size), 0.0).data(), size);
    CHECK(lanczos.widen(product, 1.0, 1e-8) && lanczos.products() == 0);
    lanczos.apply(1, 1.0, out.data());
    CHECK(dot(out, out) == 0.0);
    lanczos.begin(v.data(), size);
    CHECK(!lanczos.widen([](const double*, double*) { return false; }, 1.0, 1e-8));
}

}  // namespace

int main() {
    check_phi();
    check_tridiagonal();
    check_lanczos();
    std::printf("ok\n");
}
