# Every native file by name: this list is the map of the core.

# --- the kernel, once per instruction-set level: no OpenMP, no LTO, flags that match what dispatch.cpp asks the processor ---
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(PLN_LEVELS baseline v3 v4)
else()
  set(PLN_LEVELS baseline)
endif()
# GCC takes a template's number for a conversion where it is the length of an array; no index of the standard library is here
set_source_files_properties(cpp/kernel/level.cpp PROPERTIES COMPILE_OPTIONS -Wno-sign-conversion)
set(PLN_FLAGS_baseline "")
set(PLN_FLAGS_v3 -mavx2 -mfma -mbmi -mbmi2)
set(PLN_FLAGS_v4 ${PLN_FLAGS_v3} -mavx512f -mavx512bw -mavx512cd -mavx512dq -mavx512vl)
foreach(level IN LISTS PLN_LEVELS)
  add_library(pln_kernel_${level} OBJECT cpp/kernel/level.cpp)
  target_link_libraries(pln_kernel_${level} PRIVATE pln_flags)
  target_compile_definitions(pln_kernel_${level} PRIVATE PLN_LEVEL=${level})
  target_compile_options(pln_kernel_${level} PRIVATE -O3 ${PLN_FLAGS_${level}})
  list(APPEND PLN_KERNELS $<TARGET_OBJECTS:pln_kernel_${level}>)
endforeach()

# --- the core: everything else that does not know Python ---
find_package(Threads REQUIRED)
if(PLN_OPENMP STREQUAL "ON")
  find_package(OpenMP REQUIRED COMPONENTS CXX)
  set(PLN_PARALLEL cpp/parallel/parallel_openmp.cpp)
  set(PLN_THREADS OpenMP::OpenMP_CXX)
else()
  set(PLN_PARALLEL cpp/parallel/parallel_threads.cpp)
endif()

include(${CMAKE_CURRENT_LIST_DIR}/flow/sources.cmake)
add_library(
  pln_core STATIC
  ${PLN_KERNELS}
  cpp/kernel/dispatch.cpp
  cpp/parallel/cgroup.cpp
  cpp/parallel/team.cpp
  ${PLN_PARALLEL}
  cpp/parallel/threads.cpp
  cpp/problem/memory.cpp
  cpp/problem/basis.cpp
  cpp/problem/certificate.cpp
  cpp/problem/kink.cpp
  cpp/problem/kink_lines.cpp
  cpp/problem/parallel_inputs.cpp
  cpp/problem/problem.cpp
  cpp/problem/rows.cpp
  cpp/problem/state.cpp
  cpp/problem/verdict.cpp
  cpp/euler/euler.cpp
  cpp/euler/ensemble.cpp
  cpp/capture/live_pairs.cpp
  cpp/capture/live_sweeps.cpp
  cpp/capture/orthogonal.cpp
  cpp/capture/adams.cpp
  cpp/capture/asked.cpp
  cpp/capture/attempts.cpp
  cpp/capture/capture.cpp
  cpp/capture/coinciding.cpp
  cpp/capture/copies.cpp
  cpp/capture/crossings.cpp
  cpp/capture/dense.cpp
  cpp/capture/dense_products.cpp
  cpp/capture/dense_state.cpp
  cpp/capture/dense_step.cpp
  cpp/capture/explicit_step.cpp
  cpp/capture/exponential_step.cpp
  cpp/capture/frozen.cpp
  cpp/capture/inputs.cpp
  cpp/capture/landing.cpp
  cpp/capture/leaving.cpp
  cpp/capture/mean_motion.cpp
  cpp/capture/meshes.cpp
  cpp/capture/meshes_stand.cpp
  cpp/capture/moved.cpp
  cpp/capture/moves.cpp
  cpp/capture/neuron.cpp
  cpp/capture/neuron_step.cpp
  cpp/capture/passes.cpp
  cpp/capture/rest.cpp
  cpp/capture/resting.cpp
  cpp/capture/to_zero.cpp
  cpp/capture/velocity.cpp
  cpp/proof/assembly.cpp
  cpp/proof/convergence.cpp
  cpp/proof/criterion.cpp
  cpp/proof/dual_bound.cpp
  cpp/proof/eigenvalue.cpp
  cpp/proof/elimination.cpp
  cpp/proof/enclosure.cpp
  cpp/proof/escape.cpp
  cpp/proof/holding.cpp
  cpp/proof/kinks.cpp
  cpp/proof/masked_gram.cpp
  cpp/proof/matrix.cpp
  cpp/proof/orthogonal_proof.cpp
  cpp/proof/orthogonal_rows.cpp
  cpp/proof/prove.cpp
  cpp/proof/ritz.cpp
  cpp/proof/search.cpp
  cpp/proof/sliding.cpp
  cpp/proof/stratum.cpp
  cpp/proof/trapping.cpp
  cpp/stabilised/lanczos.cpp
  cpp/stabilised/rkc.cpp
  cpp/stabilised/spectral.cpp
  ${PLN_FLOW_SOURCES})
target_link_libraries(pln_core PUBLIC pln_flags Threads::Threads ${PLN_THREADS})

# --- the Python module ---
if(SKBUILD)
  set(PYBIND11_FINDPYTHON ON)
  find_package(pybind11 CONFIG REQUIRED)
  pybind11_add_module(
    _core
    NO_EXTRAS # no link-time optimisation: it would merge the kernel levels
    cpp/bindings/module.cpp
    cpp/bindings/task.cpp
    cpp/bindings/kink_fields.cpp
    cpp/bindings/python_watch.cpp
    cpp/bindings/gil.cpp
    cpp/bindings/euler_tasks.cpp
    cpp/bindings/flow_tasks.cpp
    cpp/bindings/flow_past.cpp
    cpp/bindings/capture_tasks.cpp
    cpp/bindings/proof.cpp
    cpp/bindings/threads.cpp
    cpp/bindings/info.cpp)
  target_link_libraries(_core PRIVATE pln_core)
  target_compile_definitions(
    _core PRIVATE PLN_COMPILER="${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
                  PLN_FLAGS="$<JOIN:${PLN_FP_FLAGS}, >" PLN_VERSION="${SKBUILD_PROJECT_VERSION}"
                  PLN_BUILD_TYPE="${CMAKE_BUILD_TYPE}")
  install(TARGETS _core LIBRARY DESTINATION pl_native)
endif()
