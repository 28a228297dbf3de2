using HaMirror.Agent.Events;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Logging;

/// <summary>Says the modules' lines in the agent's log too, which systemd keeps in the journal and syslog takes from there. Details
/// stay in the modules' own logs.</summary>
internal sealed class JournalCopy
{
    private readonly ILogger<JournalCopy> _log;

    public JournalCopy(EventWatch watch, ILogger<JournalCopy> log)
    {
        _log = log;
        watch.Logged += Say;
    }

    private void Say(LogLine line)
    {
        switch (line.Level)
        {
            case "Critical": _log.ModuleCritical(line.Module, line.Text); break;
            case "Warning": _log.ModuleWarns(line.Module, line.Text); break;
            case "Event": _log.ModuleSays(line.Module, line.Text); break;
        }
    }
}
