using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace HaMirror.Simulator;

/// <summary>Makes a story that breaks the contract as short as it can be while it breaks it in the same way.</summary>
/// <remarks>Steps are left out, then times rounded and shortened, options left out and counts lowered, until nothing more can
/// be. Whatever is left out changes what the rest draws from the seed, so each attempt is made with several seeds.</remarks>
public sealed partial class Shrinking
{
    /// <summary>Seeds that an attempt is made with before it counts as failed.</summary>
    private readonly int _seeds;
    private readonly Mutation _mutation;
    private readonly string _kind;
    private readonly int _most;
    private Story _story;

    private Shrinking(Story story, string kind, Mutation mutation, int seeds, int most) =>
        (_story, _kind, _mutation, _seeds, _most) = (story, kind, mutation, seeds, most);

    /// <summary>Histories that were played for it.</summary>
    public int Played { get; private set; }

    /// <summary>Shrinks the story of a history that has broken the contract.</summary>
    /// <param name="seeds">Seeds for each attempt.</param>
    /// <param name="most">Histories to play at most.</param>
    /// <exception cref="ArgumentException">The history has not broken it.</exception>
    public static Story Shrink(HistoryResult failed, Mutation? mutation = null, int seeds = 12, int most = 20_000)
    {
        var violation = failed.Violation ?? throw new ArgumentException("Only a history with a violation can be shrunk.", nameof(failed));
        var shrinking = new Shrinking(failed.Story, Kind(violation), mutation ?? Mutation.None, seeds, most);
        shrinking.Shrink();
        return shrinking._story;
    }

    /// <summary>Violations of one kind differ only in nodes, numbers and what a node says.</summary>
    public static string Kind(string violation) => Numbers().Replace(violation.Split(": ")[0], "#");

    [GeneratedRegex("node[12]|[0-9a-f]{32}|[0-9]+")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"(?<= )[0-9.]+s\b")]
    private static partial Regex Times();

    [GeneratedRegex(@"(?<=-at(-data)? )[0-9]+")]
    private static partial Regex Counts();

    private void Shrink()
    {
        for (var before = -1; before != Weight(_story) && Played < _most;)
        {
            before = Weight(_story);
            foreach (var options in _story.Options.Simpler().ToArray()) Try(_story with { Options = options });
            Drop();
            Shorten();
        }

        foreach (var seed in Enumerable.Range(1, _seeds)) if (TryOnce(_story with { Options = _story.Options with { Seed = seed } })) break;
    }

    private static int Weight(Story story) =>
        (story.Steps.Count * 1000) + story.Options.ToString().Length + story.Steps.Sum(step => step.Command.Length + (step.Delay > 0 ? Story.Seconds(step.Delay).Length : 0));

    /// <summary>Leaves steps out: many at once first.</summary>
    private void Drop()
    {
        for (var size = Math.Max(_story.Steps.Count / 2, 1); ; size /= 2)
        {
            for (var at = _story.Steps.Count - size; at >= 0; at -= size)
                if (at + size <= _story.Steps.Count && !Try(Without(at, size, keepsTime: true))) Try(Without(at, size, keepsTime: false));
            if (size == 1) return;
        }
    }

    private Story Without(int at, int count, bool keepsTime)
    {
        var steps = _story.Steps.RemoveRange(at, count);
        var time = keepsTime ? _story.Steps.Skip(at).Take(count).Sum(step => step.Delay) : 0;
        if (time > 0) steps = at < steps.Count ? steps.SetItem(at, steps[at] with { Delay = steps[at].Delay + time }) : steps.Add(new Story.Step(time, ""));
        return _story with { Steps = steps };
    }

    private void Shorten()
    {
        for (var at = 0; at < _story.Steps.Count; at++)
        {
            foreach (var delay in Shorter(_story.Steps[at].Delay).Prepend(0L))
                if (delay < _story.Steps[at].Delay && Try(With(at, _story.Steps[at] with { Delay = delay }))) break;
            for (var time = 0; time < Times().Count(_story.Steps[at].Command); time++) ShortenTime(at, time);
            if (Counts().Match(_story.Steps[at].Command) is { Success: true, Value: not "1" } count)
                for (var lower = 1; lower < int.Parse(count.Value, CultureInfo.InvariantCulture); lower++)
                    if (Try(With(at, _story.Steps[at] with { Command = Replaced(_story.Steps[at].Command, count, lower.ToString(CultureInfo.InvariantCulture)) }))) break;
        }
    }

    private void ShortenTime(int at, int time)
    {
        var command = _story.Steps[at].Command;
        var match = Times().Matches(command)[time];
        foreach (var shorter in Shorter(Story.Microseconds(match.Value)))
            if (Try(With(at, _story.Steps[at] with { Command = Replaced(command, match, Story.Seconds(shorter)) }))) return;
    }

    private static string Replaced(string command, Match match, string value) => command[..match.Index] + value + command[(match.Index + match.Length)..];

    private Story With(int at, Story.Step step) => _story with { Steps = _story.Steps.SetItem(at, step) };

    /// <summary>Times that are easier to read: whole seconds, halves, tenths, milliseconds.</summary>
    private static IEnumerable<long> Shorter(long time) =>
        new long[] { 1_000_000, 500_000, 100_000, 10_000, 1000 }
            .SelectMany(unit => new[] { time / 2 / unit * unit, time / unit * unit, ((time / unit) + 1) * unit }.Select(value => (value, unit)))
            .Where(shorter => shorter.value > 0 && shorter.value != time && Story.Seconds(shorter.value).Length < Story.Seconds(time).Length
                || (shorter.value > 0 && shorter.value < time && Story.Seconds(shorter.value).Length <= Story.Seconds(time).Length))
            .Select(shorter => shorter.value).Distinct();

    private bool Try(Story story)
    {
        if (TryOnce(story)) return true;
        for (var seed = 1; seed <= _seeds; seed++)
            if (seed != story.Options.Seed && TryOnce(story with { Options = story.Options with { Seed = seed } })) return true;
        return false;
    }

    private bool TryOnce(Story story)
    {
        if (Played >= _most) return false;
        Played++;
        if (History.Run(story, mutation: _mutation).Violation is not { } violation || Kind(violation) != _kind) return false;
        _story = story;
        return true;
    }
}
