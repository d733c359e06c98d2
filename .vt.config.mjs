export default { test: { pool: "forks", testTimeout: 60000 } };
