using BenchmarkDotNet.Running;

// All: benchmarks/run.sh. One: dotnet run -c Release --project benchmarks/HaMirror.Benchmarks -- --filter '*Crc*'
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
