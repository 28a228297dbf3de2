// Who used the CPU meanwhile. /proc is the one that shows all processes of the machine, kernel threads included.
using System.Globalization;

namespace HaMirror.Comparison;

/// <summary>A reading of all clocks, in seconds.</summary>
/// <param name="Machine">Busy time of all cores.</param>
/// <param name="Kernel">Kernel threads: the loop devices' work belongs to no subject and to every one.</param>
/// <param name="Subject">The subject's processes.</param>
/// <param name="Children">fio, once it has ended.</param>
internal sealed record CpuClock(double Machine, double Kernel, double Subject, double Children)
{
    private const double TicksPerSecond = 100; // USER_HZ, which the kernel never changes for /proc
    private const int KernelThreads = 2;       // the parent of them all

    /// <summary>Reads them.</summary>
    /// <param name="everything">A /proc of the machine's first process name space.</param>
    public static CpuClock Read(string everything, IEnumerable<int> processes) => new(
        ReadMachine(), ReadKernel(everything), processes.Sum(process => ReadProcess($"/proc/{process}/stat")?.Own ?? 0),
        ReadProcess("/proc/self/stat")?.Children ?? 0);

    /// <summary>Time of programs that have no part in the run.</summary>
    public static double Foreign(CpuClock before, CpuClock after) => Math.Max(
        0, after.Machine - before.Machine - (after.Kernel - before.Kernel) - (after.Subject - before.Subject)
        - (after.Children - before.Children));

    private static double ReadMachine()
    {
        // user nice system idle iowait irq softirq steal ...
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new[] { 1, 2, 3, 6, 7 }.Sum(index => double.Parse(fields[index], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    private static double ReadKernel(string everything)
    {
        double sum = 0;
        foreach (var directory in Directory.EnumerateDirectories(everything))
        {
            if (char.IsAsciiDigit(Path.GetFileName(directory)[0]) && ReadProcess(directory + "/stat") is { Parent: KernelThreads } thread)
            {
                sum += thread.Own;
            }
        }

        return sum;
    }

    /// <summary>Null: it has ended.</summary>
    private static (int Parent, double Own, double Children)? ReadProcess(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null;
        }

        // What follows the name, which may hold anything: state, parent, ... utime stime cutime cstime.
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        double Seconds(int index) => double.Parse(fields[index], CultureInfo.InvariantCulture) / TicksPerSecond;
        return (int.Parse(fields[1], CultureInfo.InvariantCulture), Seconds(11) + Seconds(12), Seconds(13) + Seconds(14));
    }
}
