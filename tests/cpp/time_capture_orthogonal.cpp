// Seconds, right-hand sides and memory of the capture method on orthogonal inputs at the size it is made for:
//     time_capture_orthogonal [n] [p] [threads] [tolerance]
// Two meshes run in lockstep, one step of the coarse for two of the fine, from W scaled by 0.01 to
// L < 1e-6/(2n); then the end state is written. Not a test.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "capture/explicit_step.hpp"
#include "capture/orthogonal.hpp"
#include "parallel/parallel_for.hpp"
#include "random_orthogonal.hpp"

namespace {

// Of all threads: on a busy machine the better measure.
double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

double peak_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

constexpr double kFine = 1e-4;

struct Mesh {
    pl::OrthogonalCapture model;
    pl::ExplicitStep step;
    Mesh(const pl::Problem<double>& q, int threads) : model(q, threads), step(model, threads) {}

    double advance(double h) {
        step.attempt(h, kFine);
        const double error = step.error();
        step.accept(h);
        return error;
    }
};

}  // namespace

int main(int argc, char** argv) {
    const int n = argc > 1 ? std::atoi(argv[1]) : 1000000, p = argc > 2 ? std::atoi(argv[2]) : 60;
    const int threads = argc > 3 ? std::atoi(argv[3]) : pl::default_threads();
    const double tolerance = argc > 4 ? std::atof(argv[4]) : 1e-4;
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const RandomOrthogonal problem(n, p, 1, 0.01);
    std::printf("n %d, p %d, %d threads, level %s; the problem: %.0f MiB\n", n, p, threads,
                pl::level().name.c_str(), peak_mib());
    const double cpu = cpu_seconds();
    const auto begin = std::chrono::steady_clock::now();
    const auto seconds = [begin] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    Mesh fine(problem.view, threads), coarse(problem.view, threads);
    std::printf("start %.2f s, %.0f MiB, a model's bytes: %.0f MiB\n", seconds(), peak_mib(),
                pl::OrthogonalCapture::bytes(problem.view) / 1048576.0);
    double t = 0, h = 0.1;
    int steps = 0, rejected = 0;
    while (fine.model.sum_r2() >= 1e-6 && steps + rejected < 100000) {
        coarse.step.refresh();
        fine.step.follow(coarse.step);
        const double rho = coarse.step.radius();
        h = std::min(h, coarse.step.longest_cheap());
        coarse.step.attempt(h, kFine);
        const double before = coarse.model.sum_r2(), after = coarse.model.trial_sum_r2();
        const double error = coarse.step.error() * std::max(std::log(before / after), 1e-3 * h) / tolerance;
        const double factor = std::clamp(0.9 / std::cbrt(std::max(error, 1e-9)), 0.3, 2.0);
        if (error > 1.2 || !(after <= before)) {
            ++rejected;
            h *= std::min(factor, 0.7);
            continue;
        }
        coarse.step.accept(h);
        fine.advance(0.5 * h);
        fine.advance(0.5 * h);
        t += h;
        h *= factor;
        if (++steps % 25 == 0)
            std::printf(
                "t %.4g, h %.3g, h rho %.3g, loss %.3e (coarse %.1e off), live %lld, %lld + %lld sides, %.1f "
                "s, CPU %.1f s\n",
                t, h, h * rho, fine.model.sum_r2() / (2.0 * n),
                coarse.model.sum_r2() / fine.model.sum_r2() - 1,
                static_cast<long long>(fine.model.n_active()),
                static_cast<long long>(fine.model.evaluations()),
                static_cast<long long>(coarse.model.evaluations()), seconds(), cpu_seconds() - cpu);
    }
    std::vector<double> W(problem.W.size()), a(problem.a.size());
    fine.model.write_state(W.data(), a.data());
    std::printf(
        "end: t %.6g, 2 n loss %.3e, %d steps, %d rejected, %lld right-hand sides, %.1f s, CPU %.1f s, peak "
        "%.0f MiB\n",
        t, fine.model.sum_r2(), steps, rejected,
        static_cast<long long>(fine.model.evaluations() + coarse.model.evaluations()), seconds(),
        cpu_seconds() - cpu, peak_mib());
    return 0;
}
