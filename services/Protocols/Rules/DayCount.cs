using System.Collections.Frozen;
using System.Globalization;

namespace Tendering.Protocols;

/// <summary>
/// Counting days as the law does: the start day is excluded and a period ends at the end of its last day, in the local time of the
/// rule set. The end is given as the first moment after the period.
/// </summary>
public static class DayCount
{
    public static DateTimeOffset End(DateTimeOffset start, int days, bool working, bool rollsHolidays, TimeZoneInfo zone)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(days);
        var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(start, zone).DateTime);
        if (!working) day = day.AddDays(days);
        else for (var left = days; left > 0; left -= WorkingCalendar.IsWorkingDay(day) ? 1 : 0) day = day.AddDays(1);
        while (rollsHolidays && !WorkingCalendar.IsWorkingDay(day)) day = day.AddDays(1);
        var end = day.AddDays(1).ToDateTime(TimeOnly.MinValue);
        return new DateTimeOffset(end, zone.GetUtcOffset(end)).ToUniversalTime();
    }
}

/// <summary>Working days of China: weekends, public holidays and make-up working days (调休) from one file a year; a year without a file has weekends only.</summary>
public static class WorkingCalendar
{
    private static readonly Lazy<FrozenDictionary<DateOnly, bool>> Exceptions = new(() =>
        Table.Names("cn-20").SelectMany(name => Table.Read(name).Skip(1))
            .ToFrozenDictionary(r => DateOnly.Parse(r[0], CultureInfo.InvariantCulture), r => r[1] == "workday"));

    public static bool IsWorkingDay(DateOnly day) =>
        Exceptions.Value.TryGetValue(day, out var works) ? works : day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);

    /// <summary>True if the year's holidays are known; otherwise a computed working day is provisional.</summary>
    public static bool Knows(int year) => Exceptions.Value.Keys.Any(d => d.Year == year);
}
