package live_test

// readersEnv has the test binary be the browsers of the benchmark instead of running tests.
const readersEnv = "CABINET_LIVE_READERS"

func readers() int { return 0 }
