# The event-driven flow: Python-free core, and its binding.
set(PLN_FLOW_SOURCES
    ${CMAKE_CURRENT_LIST_DIR}/basis.cpp
    ${CMAKE_CURRENT_LIST_DIR}/events.cpp
    ${CMAKE_CURRENT_LIST_DIR}/flow.cpp
    ${CMAKE_CURRENT_LIST_DIR}/jets.cpp
    ${CMAKE_CURRENT_LIST_DIR}/jets_field.cpp
    ${CMAKE_CURRENT_LIST_DIR}/kernels.cpp
    ${CMAKE_CURRENT_LIST_DIR}/kink.cpp
    ${CMAKE_CURRENT_LIST_DIR}/near.cpp
    ${CMAKE_CURRENT_LIST_DIR}/pairs.cpp
    ${CMAKE_CURRENT_LIST_DIR}/polynomial.cpp
    ${CMAKE_CURRENT_LIST_DIR}/journal.cpp
    ${CMAKE_CURRENT_LIST_DIR}/stabilised.cpp
    ${CMAKE_CURRENT_LIST_DIR}/state.cpp
    ${CMAKE_CURRENT_LIST_DIR}/step.cpp
    ${CMAKE_CURRENT_LIST_DIR}/step_size.cpp
    ${CMAKE_CURRENT_LIST_DIR}/switching.cpp)
