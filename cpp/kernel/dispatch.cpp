#include "kernel/dispatch.hpp"

#include <cstdlib>

#include "kernel/printable.hpp"

namespace pl {

#define PLN_DECLARE(LEVEL)                     \
    namespace LEVEL {                          \
    extern const Kernel<float> kernel_f32;     \
    extern const Kernel<double> kernel_f64;    \
    extern const SumKernel sum_kernel;         \
    extern const KinkKernel kink_kernel;       \
    extern const LiveKernel live_kernel;       \
    extern const DampedKernel damped_kernel;   \
    extern const ProductKernel product_kernel; \
    extern const HeldKernel held_kernel;       \
    extern const TurnKernel turn_kernel;       \
    extern const ActiveKernel active_kernel;   \
    }
PLN_DECLARE(baseline)
#if defined(__x86_64__)
PLN_DECLARE(v3)
PLN_DECLARE(v4)
#endif
#undef PLN_DECLARE

namespace {

std::vector<Level> runnable() {
    std::vector<Level> found{{"baseline", &baseline::kernel_f32, &baseline::kernel_f64, &baseline::sum_kernel,
                              &baseline::kink_kernel, &baseline::live_kernel, &baseline::damped_kernel,
                              &baseline::product_kernel, &baseline::held_kernel, &baseline::turn_kernel,
                              &baseline::active_kernel}};
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool v3_ok = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                       __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    const bool v4_ok = v3_ok && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                       __builtin_cpu_supports("avx512vl");
    if (v3_ok)
        found.push_back({"v3", &v3::kernel_f32, &v3::kernel_f64, &v3::sum_kernel, &v3::kink_kernel,
                         &v3::live_kernel, &v3::damped_kernel, &v3::product_kernel, &v3::held_kernel,
                         &v3::turn_kernel, &v3::active_kernel});
    if (v4_ok)
        found.push_back({"v4", &v4::kernel_f32, &v4::kernel_f64, &v4::sum_kernel, &v4::kink_kernel,
                         &v4::live_kernel, &v4::damped_kernel, &v4::product_kernel, &v4::held_kernel,
                         &v4::turn_kernel, &v4::active_kernel});
#endif
    return found;
}

const Level& choose() {
    const char* forced = std::getenv("PL_NATIVE_ISA");
    if (forced == nullptr || *forced == '\0') return levels().back();
    std::string known;
    for (const Level& candidate : levels()) {
        if (candidate.name == forced) return candidate;
        known += (known.empty() ? "" : ", ") + candidate.name;
    }
    throw std::invalid_argument("PL_NATIVE_ISA='" + printable(forced) + "': this build and processor have " +
                                known);
}

}  // namespace

const std::vector<Level>& levels() {
    static const std::vector<Level> all = runnable();
    return all;
}

const Level& level() {
    static const Level& chosen = choose();  // a throw leaves it unset, so every call says what is wrong
    return chosen;
}

template <>
const Kernel<float>& kernel<float>() {
    return *level().f32;
}

template <>
const Kernel<double>& kernel<double>() {
    return *level().f64;
}

}  // namespace pl
